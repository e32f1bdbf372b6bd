"""An application behind a real HTTP server, in the event loop of the tests."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from socket import create_server, socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ai_assistant_testing.stand_in import StandIn
from assistants_testing.waiting import pass_time, patiently

_KEEP_ALIVE_SECONDS = 3600
"""Longer than tests move the clock of the loop: an idle connection stays good."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the test runner."""
        yield


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve `app` and yield its URL. The caller runs its lifespan."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    with create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve([listener]))
        try:
            await patiently(server.ready.wait())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def given_up[T](stand_in: StandIn, call: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of a call whose model goes silent, after `seconds` have passed."""
    calling = asyncio.create_task(call)
    await patiently(stand_in.silent.wait())
    await pass_time(seconds)
    return await patiently(calling)
