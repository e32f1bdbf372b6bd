from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI

from analytics.app import build_app
from analytics.event_store import EventStore
from analytics.settings import Settings
from assistants_common.events import Event
from assistants_common.resources import Resources
from assistants_testing.plugin import running
from assistants_testing.waiting import PATIENCE_SECONDS

AddEvent = Callable[..., Awaitable[Event]]


@pytest.fixture(scope="session")
def service_limits() -> dict[str, tuple[str, ...]]:
    return {"analytics.renderer": ("STOP_SECONDS",)}


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "analytics.migrations"


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> Settings:
    """What the tests count may be old; and most of them draw nothing."""
    own = {"event_retention_days": 3650, "render_warm_up": False, "render_timeout_seconds": PATIENCE_SECONDS}
    return Settings.model_validate({**platform_settings, **own})


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application


@pytest.fixture
def add_event(resources: Resources) -> AddEvent:
    """`await add_event(type, data, time="2025-01-01T12:00Z", user_id=None)`: straight into the table."""
    store = EventStore(resources.require_database())

    async def add(type_: str, data: dict[str, Any] | None = None, **members: Any) -> Event:  # noqa: ANN401
        time = members.pop("time", datetime.now(UTC))
        event = Event.model_validate(
            {"type": type_, "source": "test", "time": time, "data": data or {}, **members}
        )
        await store.add(event)
        return event

    return add
