"""The little of the query language the simulated server understands. The rest is an error, as in 1C."""

import re
from collections.abc import Callable

from onec_simulator.base import EntitySet, Row

_KNOWN = frozenset({"$format", "$top", "$skip", "$orderby", "$filter", "$inlinecount", "allowedOnly"})
_BOOLEAN = re.compile(r"(\w+) eq (true|false)")
_SINCE = re.compile(r"(\w+) ge datetime'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)'")
_ENTITY = re.compile(r"(\w+)\(guid'([0-9a-f-]{36})'\)")


class QueryError(Exception):
    """The query is not one this server understands."""


def split_entity(resource: str) -> tuple[str, str | None]:
    """The entity set, and the reference when one entity is meant."""
    match = _ENTITY.fullmatch(resource)
    return (match[1], match[2]) if match else (resource, None)


def select(entity_set: EntitySet, query: dict[str, str]) -> tuple[list[Row], int]:
    """The rows of a page, and how many rows the filter lets through."""
    unknown = query.keys() - _KNOWN
    if unknown:
        raise QueryError(f"unknown options: {', '.join(sorted(unknown))}")
    passes = _filter(query.get("$filter"), entity_set)
    rows = [row for row in entity_set.rows if passes(row)]
    order = [_property(name, entity_set) for name in query.get("$orderby", "").split(",") if name]
    rows.sort(key=lambda row: [str(row[name]) for name in order])
    skip, top = int(query.get("$skip", 0)), int(query.get("$top", len(rows)))
    return rows[skip : skip + top], len(rows)


def _filter(text: str | None, entity_set: EntitySet) -> Callable[[Row], bool]:
    if text is None:
        return lambda _row: True
    if match := _BOOLEAN.fullmatch(text):
        name, flag = _property(match[1], entity_set), match[2] == "true"
        return lambda row: row[name] is flag
    if match := _SINCE.fullmatch(text):
        name, moment = _property(match[1], entity_set), match[2]
        return lambda row: str(row[name]) >= moment
    raise QueryError(f"cannot parse the filter: {text}")


def _property(name: str, entity_set: EntitySet) -> str:
    if name not in entity_set.properties:
        raise QueryError(f"no such property: {name}")
    return name
