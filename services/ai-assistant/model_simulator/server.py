"""The simulator as an ASGI application."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from itertools import accumulate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from model_simulator import wire
from model_simulator.answers import answer
from model_simulator.wire import Document, Reply

_MOST_BYTES = 4 * 1024 * 1024
_MODEL = re.compile(r"[!-~]{1,200}")
_PIECE = re.compile(r"\s*\S+\s*")


class _RefusedError(Exception):
    """The interfaces do not allow the request."""


def build_simulator(piece_seconds: float) -> Starlette:
    """The application; every piece of a streamed answer takes `piece_seconds`."""
    simulator = _Simulator(piece_seconds)
    return Starlette(
        routes=[
            Route("/live", _live),
            Route("/v1/models", _models),
            Route("/v1/chat/completions", simulator.openai, methods=["POST"]),
            Route("/v1/messages", simulator.anthropic, methods=["POST"]),
        ]
    )


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _models(request: Request) -> Response:
    """The models, on one path for both interfaces; Anthropic's clients send a version header."""
    anthropic = "anthropic-version" in request.headers
    return JSONResponse(wire.anthropic_models() if anthropic else wire.openai_models())


class _Simulator:
    def __init__(self, piece_seconds: float) -> None:
        self._piece_seconds = piece_seconds

    async def openai(self, request: Request) -> Response:
        try:
            body = await _body(request)
            limit = body.get("max_completion_tokens") or body.get("max_tokens")
            reply = _reply(body, _openai_system(body), limit)
        except _RefusedError as refused:
            return JSONResponse(wire.openai_error(str(refused)), 400)
        if not body.get("stream"):
            return JSONResponse(wire.openai_whole(reply))
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return self._stream(wire.openai_stream(reply, with_usage=with_usage))

    async def anthropic(self, request: Request) -> Response:
        try:
            body = await _body(request)
            reply = _reply(body, wire.text_of(body.get("system")), body.get("max_tokens"))
        except _RefusedError as refused:
            return JSONResponse(wire.anthropic_error(str(refused)), 400)
        if not body.get("stream"):
            return JSONResponse(wire.anthropic_whole(reply))
        return self._stream(wire.anthropic_stream(reply))

    def _stream(self, chunks: Iterator[bytes]) -> Response:
        async def body() -> AsyncIterator[bytes]:
            for chunk in chunks:
                await asyncio.sleep(self._piece_seconds)
                yield chunk

        return StreamingResponse(body(), media_type="text/event-stream")


async def _body(request: Request) -> Document:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise _RefusedError(f"the request is longer than {_MOST_BYTES} bytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _RefusedError("the request is not JSON") from error
    _expect(isinstance(body, dict), "a request is a JSON object")
    model = body.get("model")
    _expect(isinstance(model, str) and bool(_MODEL.fullmatch(model)), "model is the name of a model")
    _expect(isinstance(body.get("stream_options") or {}, dict), "stream_options is an object")
    messages = body.get("messages")
    _expect(isinstance(messages, list) and bool(messages), "messages is a list that is not empty")
    _expect(all(isinstance(message, dict) for message in messages), "a message is an object")
    return dict(body)


def _expect(holds: bool, rule: str) -> None:
    if not holds:
        raise _RefusedError(rule)


def _reply(body: Document, system: str, limit: Any) -> Reply:  # noqa: ANN401 - not checked yet
    _expect(limit is None or (type(limit) is int and limit > 0), "the limit of tokens is a whole number > 0")
    texts = [wire.text_of(message.get("content")) for message in body["messages"]]
    pieces = _PIECE.findall(answer(system, texts[-1]))
    fitting = _fitting(pieces, limit)
    return Reply(
        model=body["model"],
        pieces=fitting,
        reason="stop" if len(fitting) == len(pieces) else "length",
        input_tokens=wire.count_tokens("".join([wire.text_of(body.get("system")), *texts])),
    )


def _fitting(pieces: list[str], limit: int | None) -> list[str]:
    """The first pieces, up to the limit of tokens."""
    texts = accumulate(pieces)
    tokens = [wire.count_tokens(text) for text in texts]
    return [piece for piece, count in zip(pieces, tokens, strict=True) if limit is None or count <= limit]


def _openai_system(body: Document) -> str:
    roles = {"system", "developer"}
    return "\n".join(
        wire.text_of(message.get("content")) for message in body["messages"] if message.get("role") in roles
    )
