"""JSON as 1C writes it, read without losing anything that can be stored."""

import json
import math
import re
from decimal import Decimal
from typing import Any
from uuid import uuid4

MAX_NESTING = 64
"""A table within a row within a page is at 5. PostgreSQL takes some thousand levels, Python fewer."""

_MAX_DIGITS = 400
"""1C has 38 digits; PostgreSQL takes some thousand, and Python reads no more than 4,300 of an integer."""

_MARK = uuid4().hex
_MARKED_NUMBER = re.compile(f'"{_MARK}([-+.0-9E]+)"')


def loads(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """A document with exact numbers and texts that can be stored. Raises ValueError for invalid JSON.

    Some publications start it with a byte order mark, and some texts have raw control characters in them.
    """
    text = _decode(body)
    try:
        document = json.loads(
            text, strict=False, parse_constant=_no_number, parse_float=_exact, parse_int=_integer
        )
    except RecursionError as error:
        raise ValueError("the document is nested too deeply") from error
    if _is_deeper(document, MAX_NESTING):
        raise ValueError("the document is nested too deeply")
    return _storable(document) if _may_have_more(body) else document


def dumps(value: object, *, sort_keys: bool = False) -> str:
    """The text of a document; every number keeps its original digits."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, default=_marked)
    return _MARKED_NUMBER.sub(r"\1", text)


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:  # half of a surrogate pair written as if it were a character
        return body.decode("utf-8-sig", "surrogatepass")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _exact(text: str) -> float | Decimal:
    """A float when it keeps the digits of the text, otherwise a Decimal."""
    number = float(text)
    if not math.isfinite(number) or len(text) > _MAX_DIGITS:
        raise ValueError(f"{text[:40]} is no number that can be stored")
    exact = Decimal(text)
    if Decimal(repr(number)) == exact:
        return number
    if exact.adjusted() < -_MAX_DIGITS:
        raise ValueError(f"{text[:40]} is no number that can be stored")
    return exact


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"{text[:40]} is no number that can be stored")
    return int(text)


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{value}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _is_deeper(value: Any, levels: int) -> bool:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _may_have_more(body: bytes) -> bool:
    """Whether the body may contain characters that PostgreSQL does not accept."""
    return b"\\u" in body or b"\0" in body or b"\xed" in body


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Without the characters PostgreSQL does not take: NUL, and halves of a pair."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
