"""Sessions of 1C. Each takes a licence, so they are few, reused, and one request at a time uses one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from prometheus_client import Gauge

from onec_integration.errors import sessions_busy

COOKIE = "ibsession"
CONTROL_HEADER = "IBSession"
SESSIONS_IN_USE = Gauge("onec_sessions_in_use", "Sessions of 1C that serve a request right now.")


@dataclass
class OneCSession:
    """A session 1C keeps for us once it has a token; a new one asks for it with its first request."""

    token: str | None = None

    def headers(self) -> dict[str, str]:
        if self.token is None:
            return {CONTROL_HEADER: "start"}
        return {"Cookie": f"{COOKIE}={self.token}"}

    def adopt(self, set_cookie: list[str]) -> None:
        """Remember the token an answer brings."""
        for line in set_cookie:
            cookie = SimpleCookie()
            try:
                cookie.load(line)
            except CookieError:
                continue
            if COOKIE in cookie and cookie[COOKIE].value:
                self.token = cookie[COOKIE].value


class SessionPool:
    def __init__(self, limit: int, wait_seconds: float) -> None:
        self._free = asyncio.Semaphore(limit)
        self._wait_seconds = wait_seconds
        self._idle: list[str] = []

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[OneCSession]:
        """The session used last, which is the least likely to have expired, or a new one."""
        await self._acquire()
        session = OneCSession(self._idle.pop() if self._idle else None)
        try:
            with SESSIONS_IN_USE.track_inprogress():
                yield session
        finally:
            if session.token is not None:
                self._idle.append(session.token)
            self._free.release()

    async def _acquire(self) -> None:
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._free.acquire()
        except TimeoutError as error:
            raise sessions_busy() from error

    def drain(self) -> list[str]:
        """The tokens of all idle sessions, which are forgotten here."""
        tokens, self._idle = self._idle, []
        return tokens
