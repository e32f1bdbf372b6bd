"""Answers, whole or as Server-Sent Events, that stop when their client disconnects."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ai_assistant.calls import OnText
from ai_assistant.schemas import TextDelta
from assistants_common.problems import unexpected_problem

logger = logging.getLogger(__name__)

ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]
Work = Callable[[OnText], Coroutine[Any, Any, BaseModel]]
_Item = TextDelta | BaseModel | Exception

_HEARTBEAT = format_sse_event(comment="heartbeat")
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
_BUFFERED_ITEMS = 64


async def while_connected[T](receive: Receive, work: Awaitable[T]) -> T:
    """The result of `work`; when the client disconnects first, cancel the work and wait for it."""
    working = asyncio.ensure_future(work)
    watching = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        await _stop(working, watching)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stop(*tasks: asyncio.Future[Any]) -> None:
    unfinished = [task for task in tasks if not task.done()]
    for task in unfinished:
        task.cancel()
    for result in await asyncio.gather(*unfinished, return_exceptions=True):
        if isinstance(result, Exception):
            logger.debug("stopped work ended with an error", exc_info=result)


async def no_text(_text: str) -> None:
    """Ignores the pieces of text, for callers that want only the whole answer."""


async def open_event_stream(request: Request, work: Work, heartbeat: float) -> Response:
    """Begin the work. Raises a failure before the first text or heartbeat, so that it still has a status; a
    later failure becomes an `error` event."""
    stream = _EventStream(work, heartbeat, request)
    try:
        await while_connected(request.receive, stream.begin())
    except BaseException:
        await stream.stop()
        raise
    return stream


class _EventStream(Response):
    def __init__(self, work: Work, heartbeat: float, request: Request) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._heartbeat = heartbeat
        self._request = request
        self._items: asyncio.Queue[_Item] = asyncio.Queue(_BUFFERED_ITEMS)
        self._first: _Item | None = None
        self._working = asyncio.create_task(self._work(work))

    async def begin(self) -> None:
        self._first = await self._next()
        if isinstance(self._first, Exception):
            raise self._first

    async def stop(self) -> None:
        await _stop(self._working)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - overrides
        try:
            await while_connected(receive, self._send(send))
        finally:
            await self.stop()

    async def _work(self, work: Work) -> None:
        async def on_text(text: str) -> None:
            await self._items.put(TextDelta(text=text))

        try:
            result: _Item = await work(on_text)
        except Exception as error:  # noqa: BLE001 - handed to the reader of the items
            result = error
        await self._items.put(result)

    async def _next(self) -> _Item | None:
        """The next item, or None when it is time for a heartbeat."""
        try:
            async with asyncio.timeout(self._heartbeat):
                return await self._items.get()
        except TimeoutError:
            return None

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        item = self._first
        while item is None or isinstance(item, TextDelta):
            await send({"type": "http.response.body", "body": await self._encode(item), "more_body": True})
            item = await self._next()
        await send({"type": "http.response.body", "body": await self._encode(item), "more_body": False})

    async def _encode(self, item: _Item | None) -> bytes:
        match item:
            case None:
                return _HEARTBEAT
            case TextDelta():
                return format_sse_event(event="delta", data_str=item.model_dump_json())
            case BaseModel():
                return format_sse_event(event="done", data_str=item.model_dump_json())
            case error:
                return format_sse_event(event="error", data_str=await _problem(self._request, error))


async def _problem(request: Request, error: Exception) -> str:
    """The problem document that the application would send if the response had not begun."""
    handlers: Mapping[Any, ExceptionHandler] = request.app.exception_handlers
    handler = next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), _unexpected)
    try:
        response = await handler(request, error)
    except Exception as unexpected:  # noqa: BLE001 - a handler raises again what it knows nothing of
        response = await _unexpected(request, unexpected)
    return bytes(response.body).decode()


async def _unexpected(request: Request, error: Exception) -> Response:
    logger.error("unexpected error within a stream", exc_info=error)
    return unexpected_problem(request.url.path)
