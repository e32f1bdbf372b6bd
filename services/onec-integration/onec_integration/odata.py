"""The dialect of OData 3 that 1C speaks: addresses, literals, answers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from onec_integration import errors, json_text, refusals

type Row = dict[str, Any]

ENTITY_SET_PATTERN = r"^[A-Z][A-Za-z]{2,39}_\w{1,200}$"
"""A kind, an underscore, and a name that is mostly Cyrillic, such as `Catalog_Организации`."""


@dataclass(frozen=True)
class Query:
    """A query for a part of an entity set."""

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
    size: int = 0
    """Bytes of the answer."""

    def cut(self, query: Query) -> "EntityPage":
        """The requested page: by its manual, 1C may ignore `$top` and `$skip` when it counts."""
        if not query.count or len(self.rows) <= query.top:
            return self
        return EntityPage(self.rows[query.skip : query.skip + query.top], self.count, self.size)


def guid(value: UUID) -> str:
    return f"guid'{value}'"


def one_of(references: Iterable[str]) -> str:
    """The condition for rows with these references; web servers refuse the long addresses of long lists."""
    return " or ".join(f"Ref_Key eq {guid(UUID(reference))}" for reference in references)


def text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def local_datetime(value: datetime) -> str:
    """A moment as the wall clock of the 1C server: 1C has no time zones."""
    if value.tzinfo is not None:
        raise ValueError("1C takes no time zone")
    return f"datetime'{value.isoformat(timespec='seconds')}'"


def encode_path(resource: str) -> str:
    return quote(resource, safe="()'=,-$/")


def encoded_length(value: str) -> int:
    """Bytes of a value in an address."""
    return len(quote(value, safe=""))


def encode_query(parameters: dict[str, str]) -> str:
    """Encode a query. 1C reads a plus sign literally, so a space is %20."""
    return "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in parameters.items())


def parse_document(body: bytes) -> Row:
    """A JSON answer."""
    try:
        document = json_text.loads(body)
    except ValueError as error:
        raise errors.unexpected("The answer of 1C is not JSON.") from error
    if not isinstance(document, dict):
        raise errors.unexpected("The answer of 1C is not a JSON object.")
    refusal = refusals.of_document(document)
    if refusal is not None:
        raise errors.unexpected("1C refused with status 200.").because(refusal)
    return document


def parse_page(body: bytes) -> EntityPage:
    document = parse_document(body)
    rows = document.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise errors.unexpected("The answer of 1C has no list of rows.")
    return EntityPage(rows, _parse_count(document.get("odata.count")), len(body))


def _parse_count(value: object) -> int | None:
    """`odata.count` is a number written as a string."""
    return None if value is None else _to_count(str(value))


def parse_count(body: bytes) -> int:
    """The answer to `$count`, which is the number alone."""
    return _to_count(body.decode("utf-8-sig", errors="replace").strip())


def _to_count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise errors.unexpected("The answer of 1C has a count that is no number.")
    return int(text)


def has_error_document(body: bytes) -> bool:
    """Whether the OData interface itself refused, and not the web server or the session layer before it."""
    return refusals.read(body) is not None
