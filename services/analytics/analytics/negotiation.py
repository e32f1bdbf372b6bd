"""Chooses the representation for a caller (RFC 9110, Accept)."""

HTML = "text/html"
JSON = "application/json"


def prefers_html(accept: str | None) -> bool:
    """Whether the caller prefers HTML to JSON. JSON is the default."""
    if not accept:
        return False
    ranges = [_parse(part) for part in accept.split(",")]
    return _quality(ranges, HTML) > _quality(ranges, JSON)


def _parse(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    return name, next((_number(value[2:]) for value in parameters if value.startswith("q=")), 1.0)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _quality(ranges: list[tuple[str, float]], media_type: str) -> float:
    """The quality of the most specific matching range."""
    wanted = dict(ranges)
    family = media_type.split("/", maxsplit=1)[0] + "/*"
    for candidate in (media_type, family, "*/*"):
        if candidate in wanted:
            return wanted[candidate]
    return 0.0
