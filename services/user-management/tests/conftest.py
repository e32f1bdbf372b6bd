from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from assistants_testing.plugin import running
from user_management.app import build_app
from user_management.dependencies import Parts
from user_management.settings import Settings
from user_management_testing import LogIn, Register

PASSWORD = "correct horse battery"
PUBLIC_URL = "https://assistants.example.com"


@pytest.fixture(scope="session")
def service_limits() -> dict[str, tuple[str, ...]]:
    return {"user_management.errands": ("_CLOSE_SECONDS",), "user_management.oidc": ("_TIMEOUT_SECONDS",)}


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "user_management.migrations"


@pytest.fixture(scope="module")
def extra_settings() -> dict[str, Any]:
    """What a module of tests configures besides."""
    return {}


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any], extra_settings: dict[str, Any]) -> Settings:
    values = {**platform_settings, "argon2_memory_kib": 19 * 1024, **extra_settings}
    return Settings.model_validate(values)


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application


@pytest.fixture
def parts(app: FastAPI) -> Parts:
    found: Parts = app.state.parts
    return found


@asynccontextmanager
async def _client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as session:
        yield session


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Over https, as far as it can tell: its cookies are for secure connections only."""
    async with _client(app) as session:
        yield session


@pytest.fixture
async def other_browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with _client(app) as session:
        yield session


@pytest.fixture
def registered(client: httpx.AsyncClient) -> Register:
    """`await registered()`: the credentials of a new account."""

    async def register() -> dict[str, str]:
        body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        answer = await client.post("/auth/register", json=body)
        assert answer.status_code == 201
        return body

    return register


@pytest.fixture
def logged_in(client: httpx.AsyncClient, registered: Register) -> LogIn:
    """`await logged_in()`: the tokens of a new account, with its credentials."""

    async def login() -> dict[str, Any]:
        body = await registered()
        answer = await client.post("/auth/login", json=body)
        assert answer.status_code == 200
        return {**body, **answer.json()}

    return login
