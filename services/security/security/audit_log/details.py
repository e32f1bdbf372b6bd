"""The details of an audit entry: plain JSON of a bounded size."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator

from security.audit_log.canonical import canonical_json

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16


def checked_details(details: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError for details without a stable stored form and hash."""
    if _depth(details) > MAX_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH} levels")
    try:
        size = len(canonical_json(details))
    except ValueError:
        raise ValueError("must be JSON without NaN, infinities and lone surrogates") from None
    if size > MAX_BYTES:
        raise ValueError(f"must not be longer than {MAX_BYTES} bytes")
    return details


def _depth(details: object) -> int:
    """The nesting depth of containers, without recursion."""
    depth, level = 0, [details]
    while level := [child for item in level for child in _children(item)]:
        depth += 1
        if depth > MAX_DEPTH:
            break
    return depth


def _children(item: object) -> Iterable[object]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


Details = Annotated[dict[str, Any], AfterValidator(checked_details)]
