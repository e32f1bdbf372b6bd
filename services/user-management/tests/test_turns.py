"""More password checks than the service has time for."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from assistants_testing.plugin import PublishedEvents
from user_management.dependencies import Parts
from user_management.passwords import TURNS_PER_WORKER
from user_management.settings import Settings
from user_management_testing import LogIn

pytestmark = pytest.mark.usefixtures("clean_tables")

NEW = "seven green lighthouses"


@pytest.fixture(scope="module")
def extra_settings() -> dict[str, Any]:
    return {"admission_patience_seconds": 0.1}


@asynccontextmanager
async def all_turns_taken(parts: Parts, settings: Settings) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for _ in range(TURNS_PER_WORKER * settings.argon2_workers):
            await stack.enter_async_context(parts.passwords.turn())
        yield


async def test_every_request_with_a_password_is_refused_early(
    client: httpx.AsyncClient, parts: Parts, settings: Settings
) -> None:
    credentials = {"email": "a@example.com", "password": NEW}
    bodies = {
        "/auth/login": credentials,
        "/auth/register": credentials,
        "/auth/password/change": {"old_password": "something else", "new_password": NEW},
        "/auth/password/reset": {"token": "x" * 43, "password": NEW},
    }
    async with all_turns_taken(parts, settings):
        for path, body in bodies.items():
            answer = await client.post(path, json=body)
            assert (path, answer.status_code, answer.headers.get("retry-after")) == (path, 503, "1")


async def test_what_needs_no_password_goes_on(
    client: httpx.AsyncClient, logged_in: LogIn, parts: Parts, settings: Settings
) -> None:
    tokens = await logged_in()
    async with all_turns_taken(parts, settings):
        refreshed = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refreshed.status_code == 200


async def test_a_refused_login_is_held_against_nobody(
    client: httpx.AsyncClient,
    logged_in: LogIn,
    parts: Parts,
    settings: Settings,
    published_events: PublishedEvents,
) -> None:
    account = await logged_in()
    credentials = {name: account[name] for name in ("email", "password")}
    before = len(await published_events())
    async with all_turns_taken(parts, settings):
        for _ in range(settings.lock_after_failures + 1):
            assert (await client.post("/auth/login", json=credentials)).status_code == 503
    assert len(await published_events()) == before
    assert (await client.post("/auth/login", json=credentials)).status_code == 200
