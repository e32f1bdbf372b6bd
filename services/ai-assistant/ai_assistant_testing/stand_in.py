"""An HTTP application that speaks the wire formats of OpenAI and Anthropic."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ai_assistant_testing import wire
from ai_assistant_testing.wire import Reply

OPENAI_KEY = "sk-openai-for-tests"
ANTHROPIC_KEY = "sk-ant-for-tests"
ANSWER_SECONDS, HEARTBEAT_SECONDS, METADATA_SECONDS = 100, 40, 30
"""In the tests' settings. Tests of a model that says nothing move the clock on by these."""
OPENAI_MODELS = ["gpt-5.5", "gpt-5.4-mini", "text-embedding-3-small", "whisper-1"]
ANTHROPIC_MODELS = {"claude-sonnet-5": "active", "claude-2": "retired"}


@dataclass(frozen=True)
class Failure:
    """A response with an error status that asks for a retry soon."""

    status: int
    type: str = "api_error"
    headers: Mapping[str, str] = field(default_factory=lambda: {"retry-after-ms": "1"})
    code: str | None = None
    """OpenAI only."""
    message: str = "the stand-in fails"


@dataclass(frozen=True)
class Recorded:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


Choose = Callable[[dict[str, Any]], Reply | Failure]


class StandIn:
    """Answers with each item of `script` once, and then with `reply`.

    With `choose` it answers with the result of `choose` for a request's body, and accepts every key.
    """

    def __init__(self, choose: Choose | None = None, key: str | None = None) -> None:
        self._choose = choose
        self._key = key
        self.app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._openai, methods=["POST"]),
                Route("/v1/messages", self._anthropic, methods=["POST"]),
                Route("/v1/models", self._models),
            ]
        )
        self.reset()

    def reset(self) -> None:
        self.script: deque[Reply | Failure] = deque()
        self.reply: Reply | Failure = Reply()
        self.failing_models: set[str] = set()
        self.requests: list[Recorded] = []
        self.abandoned = asyncio.Event()
        """Set when the client closes a stream before its end."""
        self.silent = asyncio.Event()
        """Set when a stream stops to say anything, for good or for a pause."""

    async def _openai(self, request: Request) -> Response:
        recorded = await self._record(request)
        if not self._admits(request, OPENAI_KEY):
            message = f"Incorrect API key provided: {OPENAI_KEY}."
            error = wire.openai_error("invalid_request_error", message, "invalid_api_key")
            return _failure(error, Failure(401))
        reply = self._next(recorded.body)
        if isinstance(reply, Failure):
            return _failure(wire.openai_error(reply.type, reply.message, reply.code), reply)
        model = recorded.body["model"]
        pieces = [wire.openai_piece(model, text) for text in reply.pieces]
        if reply.refusal:
            pieces = [wire.openai_refusal(model, reply.refusal)]
        return self._stream(reply, wire.openai_head(model), pieces, wire.openai_tail(model, reply))

    async def _anthropic(self, request: Request) -> Response:
        recorded = await self._record(request)
        if not self._admits(request, ANTHROPIC_KEY):
            return _failure(wire.anthropic_error("authentication_error", "invalid x-api-key"), Failure(401))
        reply = self._next(recorded.body)
        if isinstance(reply, Failure):
            return _failure(wire.anthropic_error(reply.type, reply.message), reply)
        pieces = [wire.anthropic_piece(text) for text in reply.pieces]
        head = wire.anthropic_head(recorded.body["model"], reply)
        return self._stream(reply, head, pieces, wire.anthropic_tail(reply))

    async def _models(self, request: Request) -> Response:
        await self._record(request)
        provider = "anthropic" if "anthropic-version" in request.headers else "openai"
        if provider in self.failing_models:
            return _failure(wire.openai_error("server_error", "the stand-in fails"), Failure(500))
        if provider == "openai":
            data = [_openai_model(name) for name in OPENAI_MODELS]
            return JSONResponse({"object": "list", "data": data})
        models = [_anthropic_model(name, lifecycle) for name, lifecycle in ANTHROPIC_MODELS.items()]
        first, last = models[0]["id"], models[-1]["id"]
        return JSONResponse({"data": models, "has_more": False, "first_id": first, "last_id": last})

    async def _record(self, request: Request) -> Recorded:
        body = await request.json() if request.method == "POST" else {}
        recorded = Recorded(request.url.path, dict(request.headers), body)
        self.requests.append(recorded)
        return recorded

    def _admits(self, request: Request, key: str) -> bool:
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "")
        given = given.removeprefix("Bearer ")
        if self._choose is None:
            return given == key
        return bool(given) if self._key is None else given == self._key

    def _next(self, body: dict[str, Any]) -> Reply | Failure:
        if self._choose is not None:
            return self._choose(body)
        return self.script.popleft() if self.script else self.reply

    def _stream(
        self, reply: Reply, head: Iterator[bytes], pieces: list[bytes], tail: Iterator[bytes]
    ) -> Response:
        async def body() -> AsyncIterator[bytes]:
            try:
                for chunk in head:
                    yield chunk
                for chunk in pieces:
                    await self._pause(reply.pause)
                    yield chunk
                async for chunk in self._end(reply, tail):
                    yield chunk
            except asyncio.CancelledError:
                self.abandoned.set()
                raise

        return StreamingResponse(body(), media_type="text/event-stream")

    async def _pause(self, seconds: float) -> None:
        if seconds:
            self.silent.set()
        await asyncio.sleep(seconds)

    async def _end(self, reply: Reply, tail: Iterator[bytes]) -> AsyncIterator[bytes]:
        if reply.raw:
            yield reply.raw
        if reply.hangs:
            self.silent.set()
            await asyncio.Event().wait()
        if reply.drops:
            raise ConnectionResetError
        for chunk in tail:
            yield chunk


def _failure(document: dict[str, object], failure: Failure) -> Response:
    return JSONResponse(document, failure.status, headers=dict(failure.headers))


def _openai_model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": wire.CREATED, "owned_by": "system"}


def _anthropic_model(name: str, lifecycle: str) -> dict[str, object]:
    return {
        "type": "model",
        "id": name,
        "display_name": name.title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": lifecycle,
    }
