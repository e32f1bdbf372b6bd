"""Database migrations: wait for the database, take a lock, upgrade to the newest revision."""

import asyncio
import logging
from importlib.resources import files
from pathlib import Path
from time import monotonic
from zlib import crc32

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from assistants_common.settings import DatabaseSettings

logger = logging.getLogger(__name__)

WAIT_SECONDS = 120.0
_PAUSE_SECONDS = 2.0
_CONNECT_SECONDS = 5
_LOCK_SPACE = 0x61_73_73_74
_NOT_YET: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)


class DatabaseNotReadyError(Exception):
    """The database, or the migration lock on it, was not to be had in time."""


def alembic_config(package: str) -> Config:
    """Alembic's configuration: the environment is shared, the revisions are modules of `package`."""
    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "alembic_environment"))
    config.set_main_option("version_locations", _escaped(Path(str(files(package)))))
    config.set_main_option("path_separator", "newline")
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


async def migrate(settings: DatabaseSettings, package: str, wait_seconds: float = WAIT_SECONDS) -> None:
    """Upgrade to head. Pods that start together wait for one another on an advisory lock."""
    engine = create_async_engine(
        settings.database_url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"timeout": _CONNECT_SECONDS, "server_settings": {"application_name": "migrate"}},
    )
    deadline = monotonic() + wait_seconds
    try:
        connection = await _connect(engine, deadline)
        try:
            await _lock(connection, package, deadline)
            await connection.run_sync(_upgrade, package)
        finally:
            await connection.close()
    finally:
        await engine.dispose()
    logger.info("the database is at the newest revision")


async def _connect(engine: AsyncEngine, deadline: float) -> AsyncConnection:
    while True:
        try:
            return await engine.connect()
        except _NOT_YET as error:
            await _pause(deadline, "the database", error)


async def _lock(connection: AsyncConnection, package: str, deadline: float) -> None:
    """Take the lock for as long as the connection lives."""
    statement = text("SELECT pg_try_advisory_lock(:space, :key)")
    key = crc32(package.encode()) & 0x7FFFFFFF
    while not await connection.scalar(statement, {"space": _LOCK_SPACE, "key": key}):
        await connection.commit()
        await _pause(deadline, "another migration to finish", None)
    await connection.commit()


async def _pause(deadline: float, what: str, error: Exception | None) -> None:
    left = deadline - monotonic()
    if left <= 0:
        raise DatabaseNotReadyError(f"waited too long for {what}") from error
    extra = {"seconds_left": round(left), "reason": type(error).__name__ if error else None}
    logger.info("waiting for %s", what, extra=extra)
    await asyncio.sleep(min(_PAUSE_SECONDS, left))


def _upgrade(connection: Connection, package: str) -> None:
    config = alembic_config(package)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
