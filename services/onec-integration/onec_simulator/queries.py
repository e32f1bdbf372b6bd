"""The supported part of the query language. Everything else is an error, as in 1C."""

import operator
import re
from collections.abc import Callable
from typing import Any

from onec_simulator.base import EntitySet, Row

type Test = Callable[[Row], bool]

_KNOWN = frozenset(
    {"$format", "$top", "$skip", "$orderby", "$filter", "$select", "$inlinecount", "allowedOnly"}
)
_ENTITY = re.compile(r"(\w+)\(guid'([0-9a-fA-F-]{36})'\)")
_COMPARISON = re.compile(
    r"(?P<name>\w+) (?P<operator>eq|ne|gt|ge|lt|le) (?:"
    r"guid'(?P<guid>[0-9a-fA-F-]{36})'"
    r"|datetime'(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)'"
    r"|'(?P<string>(?:[^']|'')*)'"
    r"|(?P<boolean>true|false)"
    r"|(?P<number>-?\d+(?:\.\d+)?))"
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_LITERALS: dict[str, Callable[[str], Any]] = {
    "guid": str.lower,
    "datetime": str,
    "string": lambda text: text.replace("''", "'"),
    "boolean": lambda text: text == "true",
    "number": float,
}
_TYPES = {
    "guid": {"Edm.Guid"},
    "datetime": {"Edm.DateTime"},
    "string": {"Edm.String"},
    "boolean": {"Edm.Boolean"},
    "number": {"Edm.Double", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal"},
}
_ORDER = frozenset({"gt", "ge", "lt", "le"})


class QueryError(Exception):
    """The server does not support the query."""


class CompareError(Exception):
    """1C compares references only for equality; it answers other comparisons with status 500."""


def split_entity(resource: str) -> tuple[str, str | None]:
    """The entity set, and the reference when the resource is one entity."""
    match = _ENTITY.fullmatch(resource)
    return (match[1], match[2].lower()) if match else (resource, None)


def select(
    entity_set: EntitySet, query: dict[str, str], *, count_ignores_paging: bool = False
) -> tuple[list[Row], int]:
    """The rows of a page, and the number of rows that match the filter."""
    unknown = query.keys() - _KNOWN
    if unknown:
        raise QueryError(f"unknown options: {', '.join(sorted(unknown))}")
    rows = matching(entity_set, query.get("$filter"))
    _sort(rows, query.get("$orderby", ""), entity_set)
    count = len(rows)
    if not (count_ignores_paging and query.get("$inlinecount") == "allpages"):
        skip, top = _number(query, "$skip", 0), _number(query, "$top", count)
        rows = rows[skip : skip + top]
    names = [_property(name.strip(), entity_set) for name in query.get("$select", "").split(",") if name]
    return [{name: row.get(name) for name in names} for row in rows] if names else rows, count


def matching(entity_set: EntitySet, condition: str | None) -> list[Row]:
    """The rows that match a filter."""
    passes = _parse(condition, entity_set) if condition is not None else lambda _row: True
    return [row for row in entity_set.rows if passes(row)]


def _sort(rows: list[Row], order: str, entity_set: EntitySet) -> None:
    for item in reversed([item.strip() for item in order.split(",") if item.strip()]):
        name, _, direction = item.partition(" ")
        if direction not in {"", "asc", "desc"}:
            raise QueryError(f"cannot sort: {direction}")
        rows.sort(key=_sort_key(_property(name, entity_set), entity_set), reverse=direction == "desc")


def _sort_key(name: str, entity_set: EntitySet) -> Callable[[Row], Any]:
    """Sort by value within each kind of value; missing values come first."""

    def key(row: Row) -> tuple[str, Any]:
        value = _value(row, name, entity_set)
        return ("", 0) if value is None else (type(value).__name__, value)

    return key


def _value(row: Row, name: str, entity_set: EntitySet) -> Any:  # noqa: ANN401 - any value of a row
    """A value as it is compared: integers of 64 bits are texts in answers."""
    value = row.get(name)
    return float(value) if value is not None and entity_set.properties[name] in _TYPES["number"] else value


def _number(query: dict[str, str], name: str, default: int) -> int:
    value = query.get(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise QueryError(f"{name} is no number")
    return int(value)


def _parse(text: str, entity_set: EntitySet) -> Test:
    """Comparisons joined by `and` and `or`; `and` binds closer."""
    alternatives: list[list[Test]] = [[]]
    position = 0
    while True:
        match = _COMPARISON.match(text, position)
        if match is None:
            raise QueryError(f"cannot parse the filter: {text}")
        alternatives[-1].append(_comparison(match, entity_set))
        position = match.end()
        if position == len(text):
            return lambda row: any(all(test(row) for test in tests) for tests in alternatives)
        joint = re.compile(" (and|or) ").match(text, position)
        if joint is None:
            raise QueryError(f"cannot parse the filter: {text}")
        if joint[1] == "or":
            alternatives.append([])
        position = joint.end()


def _comparison(match: re.Match[str], entity_set: EntitySet) -> Test:
    """Compare a property with a literal of its type: a reference as text is an error in 1C too."""
    name, kind = _property(match["name"], entity_set), match.lastgroup or ""
    if entity_set.properties[name] not in _TYPES[kind]:
        raise QueryError(f"{name} is no {kind}")
    if kind == "guid" and match["operator"] in _ORDER:
        raise CompareError("Нельзя сравнивать поля неограниченной длины и поля несовместимых типов")
    compare, expected = _OPERATORS[match["operator"]], _LITERALS[kind](match[kind])

    def passes(row: Row) -> bool:
        value = _value(row, name, entity_set)
        return value is not None and compare(value, expected)

    return passes


def _property(name: str, entity_set: EntitySet) -> str:
    if name not in entity_set.properties:
        raise QueryError(f"no such property: {name}")
    return name
