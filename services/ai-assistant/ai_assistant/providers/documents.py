"""Reads the JSON documents of a response, from Server-Sent Events or from one body.

Compatible servers differ: some ignore the request for a stream, name no event types, leave out the last blank
line, or report a failure with status 200.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx2

type Document = dict[str, Any]

_MOST_BYTES = 16 * 1024 * 1024
_DONE = b"[DONE]"
# Some versions of llama.cpp name the field of a failure "error".
_FIELDS = {b"data", b"error"}


class ReportedError(Exception):
    """A failure that the provider reports in a response with status 200."""

    def __init__(self, body: object) -> None:
        super().__init__("the answer holds an error")
        self.body = body


class NoDocumentError(ValueError):
    """The answer is not from the interface: a web page, or empty."""


async def documents(response: httpx2.Response) -> AsyncGenerator[Document | None]:
    """The documents of an answer; None stands for the mark of its end."""
    found = False
    async for data in _bodies(response):
        found = True
        yield read_document(data)
    if not found:
        raise NoDocumentError("no JSON document")


def read_document(data: bytes) -> Document | None:
    if data.startswith(_DONE):
        return None
    document = json.loads(data.decode())
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a fault of the data, not of the program
    if document.get("error"):
        raise ReportedError(document["error"])
    if document.get("object") == "error":
        raise ReportedError(document)
    return document


async def _bodies(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Each event's data, or the whole body when it is JSON itself."""
    data = bytearray()
    whole = False
    async for line in _lines(response):
        name, _, value = line.partition(b":")
        if whole or (not data and line.lstrip()[:1] in {b"{", b"["}):
            whole = True
            data += line + b"\n"
        elif name in _FIELDS:
            data += value.removeprefix(b" ") + b"\n"
        elif not line and data:
            yield bytes(data)
            data.clear()
        _check_size(len(data))
    if whole or data.startswith(_DONE) or _is_complete(data):
        yield bytes(data)


def _is_complete(data: bytearray) -> bool:
    """Whether an event without its blank line is complete, and not cut off."""
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


async def _lines(response: httpx2.Response) -> AsyncIterator[bytes]:
    pending = bytearray()
    async for chunk in response.aiter_bytes():
        pending += chunk
        _check_size(len(pending))
        if b"\n" in chunk:
            complete, _, rest = bytes(pending).rpartition(b"\n")
            pending = bytearray(rest)
            for line in complete.split(b"\n"):
                yield line.removesuffix(b"\r")
    if pending:
        yield bytes(pending)


def _check_size(size: int) -> None:
    if size > _MOST_BYTES:
        raise ValueError(f"a document of more than {_MOST_BYTES} bytes")
