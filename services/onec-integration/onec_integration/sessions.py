"""Sessions of 1C. Each takes a licence, so the service has few, reuses them, and runs one request at a time
in each.

The service closes every session: when it is idle, when the service ends, when 1C seems to have lost it, and
when its response arrives after the request was cancelled.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from time import monotonic
from typing import Any

from prometheus_client import Gauge

from onec_integration.errors import sessions_busy

logger = logging.getLogger(__name__)

COOKIE = "ibsession"
CONTROL_HEADER = "IBSession"
IDLE_SECONDS = 60.0
"""A session unused for longer is given back: its licence may be the last one."""

SESSIONS_IN_USE = Gauge("onec_sessions_in_use", "Sessions of 1C that serve a request right now.")
_FINISH_SECONDS = 2


@dataclass(eq=False)
class OneCSession:
    """A session that 1C keeps once it has a token; a new one asks for its token with the first request."""

    token: str | None = None
    late: asyncio.Task[None] | None = None
    """Waits for the answer that brings the token, when the request itself was given up."""

    def headers(self) -> dict[str, str]:
        if self.token is None:
            return {CONTROL_HEADER: "start"}
        return {"Cookie": f"{COOKIE}={self.token}"}

    def adopt(self, set_cookie: list[str]) -> None:
        """Store the token of an answer."""
        for line in set_cookie:
            cookie = SimpleCookie()
            try:
                cookie.load(line)
            except CookieError:
                continue
            if COOKIE in cookie and cookie[COOKIE].value:
                self.token = cookie[COOKIE].value


class SessionPool:
    """`finish` closes a session in 1C. A failure is logged."""

    def __init__(
        self, limit: int, wait_seconds: float, finish: Callable[[str], Coroutine[Any, Any, None]]
    ) -> None:
        self._limit = limit
        self._free = asyncio.Semaphore(limit)
        self._wait_seconds = wait_seconds
        self._finish = finish
        self._idle: list[tuple[str, float]] = []
        self._watch: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[OneCSession]:
        """The most recently used session, because it is the least likely to have expired, or a new one."""
        await self._acquire()
        session = OneCSession(self._idle.pop()[0] if self._idle else None)
        try:
            with SESSIONS_IN_USE.track_inprogress():
                yield session
        finally:
            self._put_back(session)

    async def _acquire(self) -> None:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise sessions_busy() from error

    def _put_back(self, session: OneCSession) -> None:
        """Return a session. One that is still starting already takes a licence, so it keeps its place."""
        if session.late is not None and not session.late.done():
            session.late.add_done_callback(lambda _task: self._put_back(session))
            return
        if session.token is not None:
            self._idle.append((session.token, monotonic()))
            if self._watch is None or self._watch.done():
                self._watch = asyncio.create_task(self._finish_idle(), name="idle-1c-sessions")
        self._free.release()

    async def _finish_idle(self) -> None:
        while self._idle:
            token, since = self._idle[0]
            wait = since + IDLE_SECONDS - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif self._idle and self._idle[0] == (token, since):
                del self._idle[0]
                await self.finish(token)

    async def finish(self, *tokens: str) -> None:
        """Close sessions in 1C. A failure with one does not stop the others."""
        finishing = [asyncio.create_task(self._finish(token)) for token in tokens]
        if not finishing:
            return
        done, late = await asyncio.wait(finishing, timeout=_FINISH_SECONDS)
        for task in late:
            task.cancel()
        failed = [repr(error) for error in (task.exception() for task in done) if error is not None]
        if late or failed:
            logger.warning("1C sessions were not finished", extra={"late": len(late), "errors": failed})

    async def close(self) -> None:
        """Close all sessions; waits a moment for those in use."""
        waiting = [asyncio.create_task(self._free.acquire()) for _ in range(self._limit)]
        free, in_use = await asyncio.wait(waiting, timeout=_FINISH_SECONDS)
        for task in in_use:
            task.cancel()
        for _ in free:
            self._free.release()
        if in_use:
            logger.warning("1C sessions are still in use", extra={"count": len(in_use)})
        if self._watch is not None:
            self._watch.cancel()
        await self.finish(*self.drain())

    def drain(self) -> list[str]:
        """Remove all idle sessions; returns their tokens."""
        tokens = [token for token, _ in self._idle]
        self._idle.clear()
        return tokens
