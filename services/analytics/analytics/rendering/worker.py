"""The process that draws reports: `python -m analytics.rendering.worker`.

The service talks to the process through standard input and output. A message is its length in four bytes and
then its content. A request is JSON: {"drawing": "png", "document": {...}}. An answer is one byte for its kind
(`READY`, `DONE` or `FAILED`) and a message. The process ends with its input, also when the service is killed.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

READY, DONE, FAILED = b"R", b"D", b"F"
LENGTH_BYTES = 4

_SAMPLE: dict[str, Any] = {
    "language": "ru",
    "title": "Ж",
    "subtitle": "",
    "created": "2025-01-01T00:00:00+00:00",
    "facts": [],
    "columns": [],
    "rows": [],
    "charts": [
        {
            "name": "x",
            "title": "x",
            "x_label": "x",
            "y_label": "y",
            "steps": ["2025-01-01"],
            "series": [{"name": "x", "label": "x", "values": [1]}],
        }
    ],
    "notes": [],
}
"""Drawn once before the first request, to load the libraries, fonts and whatever comes with first use."""


def main() -> None:
    """Draw until the input ends. Redirects the prints of libraries, which must not mix with the messages."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _choose_cache()
    started = perf_counter()
    for drawing in ("png", "xlsx"):
        draw(drawing, _SAMPLE)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ready = {"seconds": round(perf_counter() - started, 3), "memory_kib": memory}
    _write(output, READY, json.dumps(ready).encode())
    serve(sys.stdin.buffer, output)


def _choose_cache() -> None:
    """Choose a folder for Matplotlib's list of fonts: a container's home directory is read-only."""
    directory = os.environ.setdefault("MPLCONFIGDIR", str(Path(tempfile.gettempdir()) / "matplotlib"))
    Path(directory).mkdir(parents=True, exist_ok=True)


def serve(source: BinaryIO, output: BinaryIO) -> None:
    while head := source.read(LENGTH_BYTES):
        request = json.loads(source.read(int.from_bytes(head)))
        try:
            _write(output, DONE, draw(request["drawing"], request["document"]))
        except Exception:  # noqa: BLE001 - whatever it is, the service logs it and the next drawing may succeed
            _write(output, FAILED, traceback.format_exc().encode())


def draw(drawing: str, document: Any) -> bytes:  # noqa: ANN401 - decoded JSON: a Document of the service
    """The libraries are imported here, so that only this process ever pays for them."""
    if drawing == "png":
        from analytics.rendering.png import to_png  # noqa: PLC0415

        return to_png(document)
    from analytics.rendering.xlsx import to_xlsx  # noqa: PLC0415

    return to_xlsx(document)


def _write(output: BinaryIO, what: bytes, content: bytes) -> None:
    output.write(what + len(content).to_bytes(LENGTH_BYTES) + content)
    output.flush()


if __name__ == "__main__":
    main()
