"""Builds whole characters from pieces of text."""

from codecs import getincrementaldecoder

_joining = getincrementaldecoder("utf-16-le")


class Characters:
    """Joins surrogate pairs split between pieces; drops characters that PostgreSQL or UTF-8 cannot hold."""

    def __init__(self) -> None:
        self._decoder = _joining("surrogatepass")

    def feed(self, text: str) -> str:
        """The complete characters so far. Keeps the first half of a pair until the next piece."""
        return self._decode(text.replace("\0", "").encode("utf-16-le", "surrogatepass"))

    def rest(self) -> str:
        """The kept remainder, after the last piece."""
        return self._decode(b"", last=True)

    def _decode(self, data: bytes, *, last: bool = False) -> str:
        return self._decoder.decode(data, last).encode(errors="replace").decode()
