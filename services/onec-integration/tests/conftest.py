import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from assistants_testing.plugin import running
from assistants_testing.waiting import PATIENCE_SECONDS, block_until
from onec_integration.addresses import AddressGuard
from onec_integration.app import build_app
from onec_integration.settings import Settings
from onec_integration_testing.guard import LoopbackGuard
from onec_simulator.base import Base
from onec_simulator.server import ROOT, build_simulator


@contextmanager
def serving(base: Base) -> Iterator[str]:
    """The simulator on a real socket; the OData root."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            build_simulator(base, control=True),
            log_config=None,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        block_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}{ROOT}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def service_limits() -> dict[str, tuple[str, ...]]:
    return {
        "onec_integration.sessions": ("_FINISH_SECONDS",),
        "onec_integration.worker": ("_RELEASE_SECONDS",),
    }


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "onec_integration.migrations"


@pytest.fixture(scope="module")
def simulator() -> Iterator[tuple[Base, str]]:
    base = Base()
    with serving(base) as url:
        yield base, url


@pytest.fixture
def base(simulator: tuple[Base, str]) -> Iterator[Base]:
    """The simulated base as it is after its installation, but for the sessions: clients hold them."""
    found, _ = simulator
    vars(found).update({**vars(Base()), "sessions": found.sessions})
    yield found
    # What a test left waiting must not count in the next one.
    found.answers_left = None
    block_until(lambda: not found.busy)


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any], simulator: tuple[Base, str]) -> Settings:
    values = {
        "onec_server_url": simulator[1],
        "onec_username": Base.username,
        "onec_password": Base.password,
        "onec_timeout_seconds": PATIENCE_SECONDS,
        "onec_max_sessions": 2,
        "onec_page_size": 10,
        "onec_retry_pause_seconds": 0.01,
        "onec_poll_seconds": 0.1,
    }
    return Settings.model_validate({**platform_settings, **values})


@pytest.fixture(scope="session")
def guard() -> AddressGuard:
    return LoopbackGuard(allow_private=True)


@pytest.fixture(scope="module")
async def app(settings: Settings, guard: AddressGuard) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings, guard)) as application:
        yield application
