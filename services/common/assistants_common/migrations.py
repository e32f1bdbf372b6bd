"""Database migrations: wait for the database, take a lock, upgrade to the newest revision.

Every revision states with `backward_compatible` whether the previous release works with the new schema and
with the data this release writes.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from time import monotonic
from zlib import crc32

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from assistants_common.database import connector
from assistants_common.schema_history import applied_revisions
from assistants_common.settings import DatabaseSettings

logger = logging.getLogger(__name__)

WAIT_SECONDS = 120.0
_PAUSE_SECONDS = 0.5
_LOCK_SPACE = 0x61_73_73_74
_NOT_YET: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)


class MigrationError(Exception):
    """The schema cannot be brought to this release's revision."""


class DatabaseNotReadyError(MigrationError):
    """The database, or its migration lock, was not available in time."""


class IncompatibleRevisionError(MigrationError):
    """A pending revision is incompatible with the previous release, and the caller did not allow such
    revisions.
    """


class SchemaTooNewError(MigrationError):
    """A later release has changed the schema in a way this one does not work with."""


@dataclass(frozen=True)
class Revision:
    """A revision of the schema, as its module describes it."""

    revision: str
    title: str
    backward_compatible: bool


@dataclass(frozen=True)
class Migrated:
    """What a migration did: `before` and `after` are equal when there was nothing to do."""

    before: str | None
    after: str
    backward_compatible: bool


def revisions(package: str) -> list[Revision]:
    """All revisions of a package, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(package)).walk_revisions()
    return [_described(script) for script in scripts][::-1]


def _described(script: Script) -> Revision:
    compatible = getattr(script.module, "backward_compatible", None)
    if not isinstance(compatible, bool):
        raise MigrationError(f"revision {script.revision} does not say whether it is backward_compatible")
    return Revision(script.revision, script.doc, compatible)


def alembic_config(package: str) -> Config:
    """Alembic's configuration: the environment is shared, the revisions are modules of `package`."""
    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "alembic_environment"))
    config.set_main_option("version_locations", _escaped(Path(str(files(package)))))
    config.set_main_option("path_separator", "newline")
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


async def migrate(
    settings: DatabaseSettings,
    package: str,
    wait_seconds: float = WAIT_SECONDS,
    *,
    backward_compatible_only: bool = False,
) -> Migrated:
    """Upgrade to head. Pods that start together wait for one another on an advisory lock.

    A later release's schema stays as it is when this release works with it. With `backward_compatible_only`
    the function applies nothing when one of the pending revisions is not backward compatible.
    """
    engine = create_async_engine(
        settings.database_url,
        poolclass=NullPool,
        hide_parameters=True,
        async_creator=connector(settings, "migrate"),
    )
    deadline = monotonic() + wait_seconds
    try:
        connection = await _connect(engine, deadline)
        try:
            await _lock(connection, package, deadline)
            migrated = await connection.run_sync(_upgrade, package, backward_compatible_only)
        finally:
            await connection.close()
    finally:
        await engine.dispose()
    logger.info("the schema is at revision %s", migrated.after, extra={"migrated": asdict(migrated)})
    return migrated


async def _connect(engine: AsyncEngine, deadline: float) -> AsyncConnection:
    while True:
        try:
            return await engine.connect()
        except ssl.SSLCertVerificationError as error:
            host = engine.url.host
            raise MigrationError(
                f"the certificate of {host} is not believed: {error.verify_message}"
            ) from error
        except _NOT_YET as error:
            await _pause(deadline, "the database", error)


async def _lock(connection: AsyncConnection, package: str, deadline: float) -> None:
    """Take the lock, which the connection holds until it closes."""
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


def _upgrade(connection: Connection, package: str, compatible_only: bool) -> Migrated:
    known = revisions(package)
    names = [one.revision for one in known]
    current = MigrationContext.configure(connection).get_current_revision()
    # Alembic begins its own transactions, one per revision.
    connection.rollback()
    if current is not None and current not in names:
        _check_newer(connection, current, names)
        return Migrated(current, current, backward_compatible=True)
    due = known[names.index(current) + 1 :] if current else known
    breaking = [one.revision for one in due if not one.backward_compatible]
    if breaking and current and compatible_only:
        raise IncompatibleRevisionError(
            f"revision {', '.join(breaking)} is not backward compatible: what runs now would not work with it"
            " (`deploy --allow-incompatible` applies it all the same)"
        )
    config = alembic_config(package)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    # Without a schema before, no previous release ran that could be incompatible.
    return Migrated(current, names[-1], backward_compatible=current is None or not breaking)


def _check_newer(connection: Connection, current: str, names: Sequence[str]) -> None:
    """Refuse a schema of a later release unless every revision this one lacks is backward compatible."""
    lacking = {
        revision: compatible
        for revision, compatible in applied_revisions(connection).items()
        if revision not in names
    }
    if current not in lacking or not all(lacking.values()):
        raise SchemaTooNewError(
            f"the schema is at revision {current}, which is newer than this release ({names[-1]}) "
            "and not known to be backward compatible"
        )
