import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assistants_common.database import Database, build_engine
from assistants_common.migrations import DatabaseNotReadyError, migrate
from assistants_common.pagination import PageParams, paginate
from assistants_common.settings import DatabaseSettings
from assistants_testing.postgres import PostgresServer
from assistants_testing.processes import free_port
from assistants_testing.waiting import until

PACKAGE = "sample_revisions"
GATE = 7
REVISIONS = {
    "__init__.py": "",
    "0001_first.py": "revision='0001'\ndown_revision=None\nbackward_compatible=True\n"
    "from alembic import op\n"
    "def upgrade():\n    op.execute('CREATE TABLE numbers (n integer PRIMARY KEY)')\n"
    f"    op.execute('SELECT pg_advisory_xact_lock({GATE})')\n",
    "0002_second.py": "revision='0002'\ndown_revision='0001'\nbackward_compatible=True\n"
    "from alembic import op\n"
    "def upgrade():\n    op.execute('INSERT INTO numbers SELECT generate_series(1, 25)')\n",
}


class Base(DeclarativeBase):
    metadata = MetaData()


class Number(Base):
    __tablename__ = "numbers"

    n: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture(autouse=True)
def _revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / PACKAGE
    folder.mkdir()
    for name, source in REVISIONS.items():
        (folder / name).write_text(source)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.fixture
def settings(postgres: PostgresServer) -> DatabaseSettings:
    return build_settings(postgres.create_database("100% odd").as_settings())


def build_settings(values: dict[str, Any]) -> DatabaseSettings:
    return DatabaseSettings.model_validate({**values, "jwt_secret_key": "k" * 32})


@asynccontextmanager
async def opened(settings: DatabaseSettings) -> AsyncIterator[Database]:
    database = Database(build_engine(settings, "test"))
    try:
        yield database
    finally:
        await database.dispose()


async def test_migrations_at_once_run_once(
    settings: DatabaseSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with opened(settings) as database, database.session() as gate:
            await gate.execute(text(f"SELECT pg_advisory_xact_lock({GATE})"))
            migrating = asyncio.gather(*(migrate(settings, PACKAGE) for _ in range(3)))
            await until(lambda: "waiting for another migration" in caplog.text)
            await gate.rollback()
            await migrating
    async with opened(settings) as database, database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM numbers")) == 25
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "0002"


async def test_a_failed_migration_is_not_hidden_and_leaves_nothing(
    settings: DatabaseSettings, tmp_path: Path
) -> None:
    second = tmp_path / PACKAGE / "0002_second.py"
    second.write_text(second.read_text() + "    op.execute('SELECT 1/0')\n")
    with pytest.raises(Exception, match="division by zero"):
        await migrate(settings, PACKAGE)
    async with opened(settings) as database, database.session() as session:
        assert await session.scalar(text("SELECT count(*) FROM numbers")) == 0
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


async def test_a_database_that_never_comes_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    address = {
        "postgres_port": free_port(),
        "postgres_db": "x",
        "postgres_user": "x",
        "postgres_password": "x",
    }
    with caplog.at_level(logging.INFO), pytest.raises(DatabaseNotReadyError, match="the database"):
        await migrate(build_settings({**address, "postgres_host": "127.0.0.1"}), PACKAGE, wait_seconds=0.2)
    assert "waiting for the database" in caplog.text


async def test_pages(settings: DatabaseSettings) -> None:
    await migrate(settings, PACKAGE)
    statement = select(Number).order_by(Number.n)
    async with opened(settings) as database, database.session() as session:
        page = await paginate(session, statement, PageParams(limit=10, offset=20), lambda row: row.n)
    assert page.model_dump() == {"items": [21, 22, 23, 24, 25], "total": 25, "limit": 10, "offset": 20}


async def test_the_pool_is_bounded_and_does_not_wait_for_ever(settings: DatabaseSettings) -> None:
    limits = {"database_pool_size": 1, "database_max_overflow": 0, "database_pool_timeout_seconds": 0.1}
    async with opened(settings.model_copy(update=limits)) as database, database.session() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(PoolTimeoutError):
            await database.ping()


async def test_work_that_is_not_committed_is_rolled_back(settings: DatabaseSettings) -> None:
    await migrate(settings, PACKAGE)
    async with opened(settings) as database:
        async with database.session() as session:
            session.add(Number(n=100))
            await session.flush()
        async with database.session() as session:
            assert await session.get(Number, 100) is None
