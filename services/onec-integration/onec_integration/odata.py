"""The dialect of OData 3 that 1C speaks: addresses, literals, answers."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from onec_integration import errors

type Row = dict[str, Any]

ENTITY_SET_PATTERN = r"^[A-Z][A-Za-z]{2,39}_\w{1,200}$"
"""A kind, an underscore, and a name that is mostly Cyrillic, such as `Catalog_Организации`."""


@dataclass(frozen=True)
class Query:
    """What to read of an entity set."""

    top: int
    skip: int = 0
    order_by: tuple[str, ...] = ()
    where: str | None = None
    select: tuple[str, ...] = ()
    count: bool = False

    def parameters(self) -> dict[str, str]:
        wanted = {
            "$top": str(self.top),
            "$skip": str(self.skip) if self.skip else None,
            "$orderby": ",".join(self.order_by) or None,
            "$filter": self.where,
            "$select": ",".join(self.select) or None,
            "$inlinecount": "allpages" if self.count else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class EntityPage:
    rows: list[Row]
    count: int | None

    def cut(self, query: Query) -> "EntityPage":
        """The page that was asked for: by its manual 1C may forget `$top` and `$skip` when it counts."""
        if not query.count or len(self.rows) <= query.top:
            return self
        return EntityPage(self.rows[query.skip : query.skip + query.top], self.count)


def guid(value: UUID) -> str:
    return f"guid'{value}'"


def one_of(references: Iterable[str]) -> str:
    """The condition that a row is one of some objects; long lists make addresses web servers refuse."""
    return " or ".join(f"Ref_Key eq {guid(UUID(reference))}" for reference in references)


def local_datetime(value: datetime) -> str:
    """1C has no time zones: the wall clock of the server is meant."""
    if value.tzinfo is not None:
        raise ValueError("1C takes no time zone")
    return f"datetime'{value.isoformat(timespec='seconds')}'"


def encode_path(resource: str) -> str:
    return quote(resource, safe="()'=,-$/")


def encode_query(parameters: dict[str, str]) -> str:
    """1C takes a plus sign literally, so a space has to be %20."""
    return "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in parameters.items())


def parse_document(body: bytes) -> Row:
    """A JSON answer. Some publications start it with a byte order mark."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except ValueError as error:
        raise errors.unexpected("The answer of 1C is not JSON.") from error
    if not isinstance(document, dict):
        raise errors.unexpected("The answer of 1C is not a JSON object.")
    return _storable(document) if b"\\u" in body else document


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Without the characters PostgreSQL does not take: NUL, and halves of a pair."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


def parse_page(body: bytes) -> EntityPage:
    document = parse_document(body)
    rows = document.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise errors.unexpected("The answer of 1C has no list of rows.")
    return EntityPage(rows, _parse_count(document.get("odata.count")))


def _parse_count(value: object) -> int | None:
    """`odata.count` is a number written as a string."""
    return None if value is None else _to_count(str(value))


def parse_count(body: bytes) -> int:
    """The answer to `$count`, which is the number alone."""
    return _to_count(body.decode("utf-8-sig", errors="replace").strip())


def _to_count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise errors.unexpected("The answer of 1C has a count that is no number.")
    return int(text)


def has_error_document(body: bytes) -> bool:
    """Whether the OData interface itself refused, and not the web server or the session in front of it."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except ValueError:
        return b"<m:error" in body or b"<error" in body
    return isinstance(document, dict) and "odata.error" in document
