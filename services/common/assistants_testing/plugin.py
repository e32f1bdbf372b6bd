"""Fixtures for the tests of every service.

A service's `tests/conftest.py` overrides some of them: `service_migrations`, the name of the package with its
revisions, `app`, its application made with `Settings(**platform_settings)` inside `running(...)`, and
`service_limits`, its constants that say how long it waits for others.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from assistants_common.database import Database
from assistants_common.events import FIELD, STREAM
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.postgres import DatabaseAddress, PostgresServer
from assistants_testing.postgres import postgres_server as run_postgres
from assistants_testing.redis import RedisServer
from assistants_testing.redis import redis_server as run_redis
from assistants_testing.smtp import SmtpServer
from assistants_testing.smtp import smtp_server as run_smtp
from assistants_testing.waiting import PATIENCE_SECONDS, patience

AuthHeaders = Callable[..., dict[str, str]]
PublishedEvents = Callable[[], Awaitable[list[dict[str, Any]]]]

_TABLES = (
    "SELECT format('%I', tablename) FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


_LIMITS = {
    "assistants_common.cache": ("_CONNECT_SECONDS", "_REPLY_SECONDS"),
    "assistants_common.database": ("_CONNECT_SECONDS",),
    "assistants_common.health": ("_CHECK_SECONDS",),
    "assistants_common.key_set": ("_TIMEOUT_SECONDS",),
    "assistants_common.mail": ("_STEP_SECONDS", "_WHOLE_SECONDS"),
    "assistants_common.outbox_relay": ("_STOP_SECONDS",),
    "assistants_common.revocation": ("_ANSWER_SECONDS",),
}
"""How long the services wait for others. On a busy machine production's values would decide a test."""


@pytest.fixture(scope="session")
def service_limits() -> dict[str, tuple[str, ...]]:
    """Like the platform's limits, for one service: names of constants by module."""
    return {}


@pytest.fixture(scope="session", autouse=True)
def _patient(service_limits: dict[str, tuple[str, ...]]) -> Iterator[None]:
    """Raise the time limits, so that only a limit set by a test can end anything for slowness."""
    with pytest.MonkeyPatch.context() as patch:
        for module, names in {**_LIMITS, **service_limits}.items():
            for name in names:
                patch.setattr(import_module(module), name, PATIENCE_SECONDS)
        # The object is the default of every function of httpx.
        for part in ("connect", "read", "write", "pool"):
            patch.setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, PATIENCE_SECONDS)
        yield


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application between its start and its stop, without a server."""
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with _server_directory() as directory, run_postgres(directory) as server:
        yield server


@pytest.fixture(scope="session")
def redis_instance() -> Iterator[RedisServer]:
    with _server_directory() as directory, run_redis(directory) as server:
        yield server


@pytest.fixture
def postgres_server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The PostgreSQL server of the tests, to `stop()`, `start()` or `restart()`; it runs again afterwards."""
    yield postgres
    postgres.start()


@pytest.fixture
def redis_server(redis_instance: RedisServer) -> Iterator[RedisServer]:
    """The Redis server of the tests, to stop and start like `postgres_server`; see there for its data."""
    yield redis_instance
    redis_instance.start()


@contextmanager
def _server_directory() -> Iterator[Path]:
    """A folder outside pytest's temporary folder, which the servers' user cannot enter."""
    with TemporaryDirectory(prefix="assistants-test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def service_migrations() -> str | None:
    """The package of the service's revisions; None for a service without a database."""
    return None


@pytest.fixture(scope="module")
def database_address(
    request: pytest.FixtureRequest, service_migrations: str | None
) -> Iterator[DatabaseAddress]:
    """A database for this test module alone, created by the service's migrations."""
    server: PostgresServer = request.getfixturevalue("postgres")
    template = server.migrated_template(service_migrations) if service_migrations else None
    address = server.create_database("module", template)
    yield address
    server.drop_database(address)


@pytest.fixture(scope="module")
def platform_settings(
    request: pytest.FixtureRequest, service_migrations: str | None, redis_instance: RedisServer
) -> dict[str, Any]:
    """Values for a settings class: this module's database, an empty Redis, a token key."""
    redis_instance.flush()
    values: dict[str, Any] = {
        "env": "dev",
        "debug": True,
        "jwt_secret_key": token_hex(32),
        "drain_seconds": 1,
        "body_timeout_seconds": PATIENCE_SECONDS,
        # A slow test machine must not cause refusals.
        "admission_patience_seconds": 60,
        "database_pool_timeout_seconds": 60,
    }
    values.update(redis_instance.as_settings())
    if service_migrations:
        address: DatabaseAddress = request.getfixturevalue("database_address")
        values.update(address.as_settings())
        values["database_pool_timeout_seconds"] = PATIENCE_SECONDS
    return values


@pytest.fixture(scope="module")
def app() -> FastAPI:
    raise NotImplementedError("override the fixture `app` in the conftest.py of the service's tests")


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls `app` in this process."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as session:
        yield session


@pytest.fixture
def resources(app: FastAPI) -> Resources:
    return cast(Resources, app.state.resources)


@pytest.fixture
def auth_headers(resources: Resources) -> AuthHeaders:
    """`auth_headers(user_id, role)`: the header with a valid token; by default for a new user."""

    def make(user_id: UUID | None = None, role: Role = Role.USER) -> dict[str, str]:
        return {"Authorization": f"Bearer {resources.tokens.issue(user_id or uuid4(), role).value}"}

    return make


@pytest.fixture
def published_events(redis_instance: RedisServer, resources: Resources) -> PublishedEvents:
    """`await published_events()`: the events in the stream, as dictionaries, oldest first.

    Waits until the relay has published all events of the service's outbox.
    """

    async def read() -> list[dict[str, Any]]:
        if resources.database is not None:
            async with patience():
                while await _pending(resources.database):  # noqa: ASYNC110 - a table does not report its changes
                    await asyncio.sleep(0.02)
        return [json.loads(document) for document in redis_instance.stream_field(STREAM, FIELD)]

    return read


async def _pending(database: Database) -> int:
    async with database.session() as session:
        if await session.scalar(text("SELECT to_regclass('outbox')")) is None:
            return 0
        statement = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return await session.scalar(statement) or 0


@pytest.fixture(scope="session")
def _smtp_instance() -> Iterator[SmtpServer]:
    with run_smtp() as server:
        yield server


@pytest.fixture
def smtp_server(_smtp_instance: SmtpServer) -> SmtpServer:
    """A mail server without messages; `smtp_server.as_settings()` are the settings to reach it."""
    _smtp_instance.clear()
    return _smtp_instance


@pytest.fixture
async def clean_tables(resources: Resources) -> None:
    """Empty every table of the service (but Alembic's) and Redis before the test."""
    async with resources.require_database().session() as session:
        names = await session.scalars(text(_TABLES))
        tables = ", ".join(names)
        if tables:
            await session.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        await session.commit()
    # After the tables: the relay would publish rows again that are still in the outbox.
    await resources.redis.flushdb()
