"""The position of a reading in an entity set, and the next page from there.

`$skip` alone does not suffice: 1C takes longer the more rows it skips, and erasing a row meanwhile moves all
later rows, so that the reading would miss one. References do not work either: 1C refuses `Ref_Key gt
guid'...'`, and does not sort references by their value. So pages use an anchor, a property that 1C can
compare, such as the code of a catalog or the date of a document: the next page has the rows from the anchor's
last value on, and skips the few rows already read. A set without an anchor uses `$skip` for all rows.

Each page begins with the last row read. When another, unread row is there, earlier rows were erased: the
reading goes back until it finds a known row.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from onec_integration import odata
from onec_integration.metadata import EntitySet
from onec_integration.odata import Query, Row

_STANDARD = ("Date", "Period", "Code", "Description", "LineNumber")
"""Properties of the platform, in the order of how well they tell rows apart."""

_NUMBERS = frozenset({"Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"})
_ANCHORS = _NUMBERS | {"Edm.DateTime", "Edm.String"}
ROUNDS = 3
_FIRST_STEP = 10
_MAX_VALUE = 150
"""Of a text: longer ones make addresses that web servers refuse. It is what 1C allows a description."""

_MAX_ORDER = 900
"""Bytes of the order in an address. IIS takes 2,048 in all, and a Cyrillic letter is six of them."""


@dataclass(frozen=True)
class Position:
    """The row after which the reading continues. Each page stores it, so that a job can be resumed."""

    value: str | int | float | None = None
    """Of the anchor, in the row read last; None before the first page and without an anchor."""

    skip: int = 0
    """How many rows from the value on were read."""

    listed: int = 0
    """How many rows stand before the position."""

    step: int = 0
    """How far the reading went back last, while it looks for a row that it knows."""

    round: int = 1
    """Which reading of the set this is: when rows are missing, it is read again."""

    since: str | None = None
    """When the round began; None for the first, which begins with the reading itself."""

    found: int = 0
    """How many rows this round read that no round before did."""

    plain: bool = False
    """Whether it goes without an anchor, as 1C refused or miscounted with one."""

    @classmethod
    def load(cls, stored: dict[str, Any] | None) -> Self:
        return cls(**stored) if stored else cls()

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def overlap(self) -> int:
        return 1 if self.skip else 0

    def next_round(self, now: datetime) -> "Position":
        """The start of another round; the last has no anchor, as 1C may compare and sort differently."""
        next_ = self.round + 1
        return Position(round=next_, plain=self.plain or next_ == ROUNDS, since=now.isoformat())

    def without_anchor(self) -> "Position":
        """From the start of the round."""
        return Position(round=self.round, plain=True, since=self.since)

    @property
    def is_last_round(self) -> bool:
        return self.round >= ROUNDS


@dataclass(frozen=True)
class Pages:
    """The order of reading a set."""

    entity_set: EntitySet
    where: str | None
    """The condition all rows of the reading have to meet."""

    def anchor(self, position: Position) -> str | None:
        return None if position.plain else anchor_of(self.entity_set)

    def query(self, position: Position, size: int) -> Query:
        """The query for the next `size` rows after the last row read."""
        anchor = self.anchor(position)
        conditions = [self.where] if self.where else []
        if anchor is not None and position.value is not None:
            literal = _literal(position.value, self.entity_set.fields[anchor])
            conditions.append(f"{anchor} ge {literal}")
        return Query(
            top=size + position.overlap,
            skip=position.skip - position.overlap,
            order_by=self._order(anchor),
            where=" and ".join(conditions) or None,
        )

    def _order(self, anchor: str | None) -> tuple[str, ...]:
        """The anchor and the key, as far as they fit into the address."""
        names = dict.fromkeys([anchor, *self.entity_set.key] if anchor else self.entity_set.key)
        order: list[str] = []
        for name in names:
            if order and odata.encoded_length(",".join([*order, name])) > _MAX_ORDER:
                break
            order.append(name)
        return tuple(order)

    def retreat(self, position: Position, rows: Sequence[Row], *, first_is_known: bool) -> Position | None:
        """The position to go back to when rows before this page are gone; None when the page is valid."""
        if position.skip <= 1 or (rows and first_is_known):
            return None
        step = min(position.skip, 2 * position.step or _FIRST_STEP)
        return replace(position, skip=position.skip - step, listed=position.listed - step, step=step)

    def advance(self, position: Position, rows: Sequence[Row], *, has_new: bool) -> Position:
        """The position after the last row of a valid page.

        Without a new row in this round the value stays, so that reading always advances: values that 1C
        treats as equal may look different. It also stays when the page has one value only, because rows with
        it may precede the page.
        """
        start = position.skip - position.overlap
        here = replace(
            position,
            skip=start + len(rows),
            listed=position.listed - position.skip + start + len(rows),
            step=0,
        )
        anchor = self.anchor(position)
        value = self._value(rows[-1], anchor) if rows and anchor else None
        if value is None or not has_new or _same(value, position.value):
            return here
        equal = _trailing(rows, anchor or "", value)
        if equal == len(rows) and position.overlap:
            return here
        return replace(here, value=value, skip=equal)

    def _value(self, row: Row, anchor: str) -> str | int | float | None:
        """The anchor's value in a row; None when a query cannot use the value."""
        value = row.get(anchor)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        try:
            _literal(value, self.entity_set.fields[anchor])
        except ValueError:
            return None
        return value


def anchor_of(entity_set: EntitySet) -> str | None:
    """The anchor property; None when the set has none that 1C compares in its sort order.

    References of several types are texts too, but a comparison finds nothing; a second property holds their
    type. The same applies to values of enumerations, which only standard properties never have.
    """
    fields = entity_set.fields
    standard = [name for name in _STANDARD if fields.get(name) in _ANCHORS]
    of_key = [name for name in entity_set.key if fields.get(name) in _ANCHORS - {"Edm.String"}]
    return next((name for name in (*standard, *of_key) if f"{name}_Type" not in fields), None)


def _literal(value: str | float, type_: str) -> str:
    if type_ in _NUMBERS:
        return str(value if isinstance(value, int | float) else int(value))
    if not isinstance(value, str) or len(value) > _MAX_VALUE:
        raise ValueError("no value to go on from")
    if type_ == "Edm.DateTime":
        return odata.local_datetime(datetime.fromisoformat(value))
    return odata.text(value)


def _same(one: object, other: object) -> bool:
    """Whether a database may treat two values as equal: most ignore case and trailing spaces."""
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold().rstrip() == other.casefold().rstrip()
    return one == other


def _trailing(rows: Sequence[Row], anchor: str, value: object) -> int:
    """The number of rows at the end of a page that have the value."""
    count = 0
    for row in reversed(rows):
        if not _same(row.get(anchor), value):
            break
        count += 1
    return count
