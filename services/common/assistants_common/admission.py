"""Load that is more than a service can bear is refused early: a late refusal costs most and helps least."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistants_common.prefix import own_path
from assistants_common.problems import OverloadedError, problem_response

OPERATIONAL_PATHS = frozenset({"/live", "/health", "/metrics"})


class Gate:
    """Lets so many through at once. The others wait for a moment and are refused then.

    The wait also slows down clients that come back at once after a refusal.
    """

    def __init__(self, places: int, patience_seconds: float) -> None:
        self._places = asyncio.Semaphore(places)
        self._patience = patience_seconds

    async def enter(self) -> None:
        """Take a place, which `leave` gives back; OverloadedError when none becomes free."""
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise OverloadedError from error

    def leave(self) -> None:
        self._places.release()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for as long as the context lasts."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()


class AdmissionMiddleware:
    """Bounds the requests that are worked on; one whose response has begun does not count any more.

    What the operators ask (health, metrics) always comes through.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or own_path(scope) in OPERATIONAL_PATHS:
            await self._app(scope, receive, send)
            return
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
