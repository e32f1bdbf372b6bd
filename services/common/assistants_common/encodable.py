"""JSON may contain half of a surrogate pair, which the service cannot hash, store or send on."""

from collections.abc import Iterator

from fastapi import Request
from fastapi.exceptions import RequestValidationError

type Location = tuple[str | int, ...]

_COMPLAINT = {
    "type": "string_unicode",
    "msg": "Input should be text, but it has a surrogate without its other half",
    "input": None,
}


async def require_encodable_body(request: Request) -> None:
    """For the `dependencies` of an application: 422 for a body in which some text cannot be encoded."""
    # The framework keeps the parsed JSON body in this attribute.
    document = getattr(request, "_json", None)
    found = next(_unencodable(document), None)
    if found is not None:
        raise RequestValidationError([{**_COMPLAINT, "loc": ("body", *found)}])


def _unencodable(document: object) -> Iterator[Location]:
    """Locations of text that cannot be encoded, in keys too; without recursion."""
    waiting: list[tuple[Location, object]] = [((), document)]
    while waiting:
        location, value = waiting.pop()
        if isinstance(value, str):
            if not _is_encodable(value):
                yield location
        elif isinstance(value, dict):
            # The answer cannot name such a key, so the location is that of its object.
            waiting += ((location, key) for key in value)
            waiting += (((*location, key), item) for key, item in value.items() if _is_encodable(key))
        elif isinstance(value, list):
            waiting += (((*location, index), item) for index, item in enumerate(value))


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
