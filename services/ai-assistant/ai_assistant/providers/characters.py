"""Whole characters out of pieces of text."""

from codecs import getincrementaldecoder

_joining = getincrementaldecoder("utf-16-le")


class Characters:
    """Joins surrogate pairs that come in two pieces; drops what PostgreSQL or UTF-8 cannot hold."""

    def __init__(self) -> None:
        self._decoder = _joining("surrogatepass")

    def feed(self, text: str) -> str:
        """What can be shown by now. The first half of a pair is kept until the next piece."""
        return self._decode(text.replace("\0", "").encode("utf-16-le", "surrogatepass"))

    def rest(self) -> str:
        """What was kept, as there is no next piece."""
        return self._decode(b"", last=True)

    def _decode(self, data: bytes, *, last: bool = False) -> str:
        return self._decoder.decode(data, last).encode(errors="replace").decode()
