"""Asynchronous PostgreSQL access with bounded pools."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from assistants_common.passwords import Passwords
from assistants_common.settings import DatabaseSettings

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""For `MetaData(naming_convention=...)` of a service's own declarative base: constraints get names."""

OUTBOX_WAKE = "outbox_wake"
"""In `Session.info`: the asyncio event to set after a commit that has events for the outbox."""

# The network drops packets of a pod whose policies are not in force yet: a new attempt is faster than a
# long wait.
_CONNECT_SECONDS = 5
_RECYCLE_SECONDS = 1800


def encryption(settings: DatabaseSettings) -> ssl.SSLContext | Literal["disable", "prefer"]:
    """What asyncpg needs for the mode. Each connection reads the file, so a new authority takes effect."""
    mode = settings.postgres_sslmode
    if mode in {"disable", "prefer"}:
        return mode
    context = ssl.create_default_context(cafile=settings.postgres_ca_file)
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


type Connect = Callable[[], Awaitable["asyncpg.Connection[asyncpg.Record]"]]


def connector(
    settings: DatabaseSettings,
    application: str,
    passwords: Passwords | None = None,
    command_timeout: float | None = None,
) -> Connect:
    """An `async_creator` for an engine: opens connections with the first password that the server accepts."""
    passwords = passwords or Passwords(settings.postgres_password)

    async def connect(password: str | None) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            user=settings.postgres_user,
            password=password,
            database=settings.postgres_db,
            ssl=encryption(settings),
            timeout=_CONNECT_SECONDS,
            command_timeout=command_timeout,
            server_settings={"application_name": application},
        )

    async def log_in() -> "asyncpg.Connection[asyncpg.Record]":
        *others, last = passwords.candidates()
        for password in others:
            try:
                return await connect(password)
            except asyncpg.InvalidPasswordError:
                continue
        return await connect(last)

    return log_in


def build_engine(
    settings: DatabaseSettings, application: str, passwords: Passwords | None = None
) -> AsyncEngine:
    """An engine with time limits for connecting, for a free connection and for statements.

    New connections use the current `passwords`; by default those of the settings.
    """
    return create_async_engine(
        settings.database_url,
        async_creator=connector(settings, application, passwords, settings.database_command_timeout_seconds),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_max_overflow,
        pool_timeout=settings.database_pool_timeout_seconds,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_SECONDS,
        hide_parameters=True,
    )


def build_control_engine(
    settings: DatabaseSettings, application: str, passwords: Passwords | None = None
) -> AsyncEngine:
    """One connection for the health check and one for the outbox: requests cannot take them."""
    control = {"database_pool_size": 2, "database_max_overflow": 0, "database_pool_timeout_seconds": 3}
    return build_engine(settings.model_copy(update=control), f"{application}-control", passwords)


class Database:
    """A service's database: an engine and the sessions on it.

    Health checks and the outbox use `control`, which requests do not use.
    """

    def __init__(self, engine: AsyncEngine, control: AsyncEngine | None = None) -> None:
        self.engine = engine
        self._control = control or engine
        self.outbox_wake = asyncio.Event()
        """Set when a session of this object commits events (see `outbox`)."""
        self._sessions = async_sessionmaker(
            engine, expire_on_commit=False, info={OUTBOX_WAKE: self.outbox_wake}
        )
        self._control_sessions = async_sessionmaker(self._control, expire_on_commit=False)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that is rolled back unless its user committed."""
        async with self._sessions() as session:
            yield session

    @asynccontextmanager
    async def control_session(self) -> AsyncIterator[AsyncSession]:
        """Like `session`, but never behind requests."""
        async with self._control_sessions() as session:
            yield session

    async def ping(self) -> None:
        async with self._control.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def dispose(self) -> None:
        await self.engine.dispose()
        await self._control.dispose()
