"""Refuses overload early: a late refusal costs the most and helps the least."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistants_common.prefix import own_path
from assistants_common.problems import OverloadedError, problem_response

OPERATIONAL_PATHS = frozenset({"/live", "/health", "/metrics"})


_refused_at: ContextVar[float] = ContextVar("refused_at", default=float("inf"))
"""When the request has waited as long as it may, by the clock of the event loop."""


class Gate:
    """Limits concurrent requests.

    A further request waits for a moment, then the gate refuses it. The wait also slows down clients that
    retry at once after a refusal. A request that waits at several gates waits no longer than at one.
    """

    def __init__(self, places: int, patience_seconds: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience_seconds

    async def enter(self) -> None:
        """Take a place, which `leave` gives back; OverloadedError when none becomes free."""
        end = min(_refused_at.get(), self._end())
        try:
            async with asyncio.timeout_at(end):
                await self._places.acquire()
        except TimeoutError as error:
            raise OverloadedError from error

    @contextmanager
    def patience(self) -> Iterator[None]:
        """All gates within the context together wait at most this gate's patience."""
        token = _refused_at.set(self._end())
        try:
            yield
        finally:
            _refused_at.reset(token)

    def leave(self) -> None:
        self._places.release()

    def _end(self) -> float:
        return asyncio.get_running_loop().time() + self._patience

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for as long as the context lasts."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()


class AdmissionMiddleware:
    """Limits the requests in progress; a request whose response has begun no longer counts.

    The middleware always admits the operators' requests (health, metrics).
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or own_path(scope) in OPERATIONAL_PATHS:
            await self._app(scope, receive, send)
            return
        with self._gate.patience():
            try:
                await self._gate.enter()
            except OverloadedError as error:
                response = problem_response(
                    scope["path"], error.status_code, error.problem_detail, headers=error.headers
                )
                await response(scope, receive, send)
                return
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = True

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                self._gate.leave()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                leave()
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            leave()
