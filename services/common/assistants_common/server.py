"""The HTTP server, whose drain loses no request in a rollout."""

import gc
import logging
import socket
from time import monotonic
from types import FrameType

import uvicorn
from fastapi import FastAPI

from assistants_common.lifecycle import Lifecycle
from assistants_common.resources import Resources
from assistants_common.settings import ServiceSettings

logger = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048


class DrainingServer(uvicorn.Server):
    """On a signal the service becomes unready, serves for the drain time, then stops gracefully with exit
    code 0.

    A second signal stops it at once.
    """

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets or self._both_families())
        keep_out_of_collections()

    def _both_families(self) -> list[socket.socket] | None:
        """A socket at `::` that takes IPv4, too: asyncio's own takes IPv6 alone."""
        if self.config.host != "::":
            return None
        address = ("::", self.config.port)
        family, backlog = socket.AF_INET6, self.config.backlog
        return [socket.create_server(address, family=family, backlog=backlog, dualstack_ipv6=True)]

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # The base class gets no signals during the drain: it would raise them again after the
        # shutdown, and the process would end by the signal instead of with code 0.
        if self._stop_at is None:
            self._lifecycle.draining = True
            self._stop_at = monotonic() + self._drain_seconds
        else:
            self.force_exit = True
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def keep_out_of_collections() -> None:
    """Exclude the objects that live as long as the process from garbage collection.

    A full collection visits every object. Modules and models are hundreds of thousands of objects: on a
    quarter of a CPU that delays every request by almost a second.
    """
    gc.collect()
    gc.freeze()


def build_server(app: FastAPI, settings: ServiceSettings) -> DrainingServer:
    resources: Resources = app.state.resources
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_timeout_seconds,
        backlog=_BACKLOG,
    )
    return DrainingServer(config, resources.lifecycle, settings.drain_seconds)


def serve(app: FastAPI, settings: ServiceSettings) -> int:
    """Serve until a signal stops the server; returns the exit code of the process."""
    server = build_server(app, settings)
    server.run()
    if not server.started:
        logger.error("the server did not start")
        return 1
    return 0
