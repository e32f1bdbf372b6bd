"""Revisions that say whether the release before works with them, and releases that meet a newer schema."""

import json
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from assistants_common.migrations import (
    IncompatibleRevisionError,
    Migrated,
    MigrationError,
    SchemaTooNewError,
    migrate,
    revisions,
)
from assistants_common.service import Service, run
from assistants_common.settings import DatabaseSettings
from assistants_testing.postgres import PostgresServer


def revision(number: int, compatible: object) -> str:
    before = f"'{number - 1:04}'" if number > 1 else None
    return (
        f'"""Step {number}."""\nfrom alembic import op\n'
        f"revision = '{number:04}'\ndown_revision = {before}\nbackward_compatible = {compatible}\n"
        f"def upgrade():\n    op.execute('CREATE TABLE t{number} (n integer)')\n"
        f"def downgrade():\n    op.execute('DROP TABLE t{number}')\n"
    )


class Releases:
    """Packages of revisions, one a release: each begins with those of the release before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str, *compatible: object) -> str:
        package = self._folder / name
        package.mkdir()
        (package / "__init__.py").write_text("")
        for number, flag in enumerate(compatible, 1):
            (package / f"r{number:04}.py").write_text(revision(number, flag))
        return name


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    for name in ("old", "new"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Releases(tmp_path)


@pytest.fixture
def settings(postgres: PostgresServer) -> DatabaseSettings:
    address = postgres.create_database("releases").as_settings()
    return DatabaseSettings.model_validate({**address, "jwt_secret_key": "k" * 32})


async def upgrade(
    settings: DatabaseSettings, package: str, *, backward_compatible_only: bool = False
) -> Migrated:
    return await migrate(settings, package, 5, backward_compatible_only=backward_compatible_only)


async def test_says_what_it_did(settings: DatabaseSettings, releases: Releases) -> None:
    old, new = releases.make("old", True), releases.make("new", True, True, False)
    assert await upgrade(settings, old) == Migrated(None, "0001", backward_compatible=True)
    assert await upgrade(settings, old) == Migrated("0001", "0001", backward_compatible=True)
    assert await upgrade(settings, new) == Migrated("0001", "0003", backward_compatible=False)


async def test_a_first_schema_breaks_nothing(settings: DatabaseSettings, releases: Releases) -> None:
    package = releases.make("old", True, False)
    migrated = await upgrade(settings, package, backward_compatible_only=True)
    assert migrated == Migrated(None, "0002", backward_compatible=True)


async def test_an_older_release_lives_with_a_newer_compatible_schema(
    settings: DatabaseSettings, releases: Releases
) -> None:
    old, new = releases.make("old", True), releases.make("new", True, True)
    await upgrade(settings, new)
    assert await upgrade(settings, old) == Migrated("0002", "0002", backward_compatible=True)


async def test_an_older_release_refuses_an_incompatible_schema(
    settings: DatabaseSettings, releases: Releases
) -> None:
    old, new = releases.make("old", True), releases.make("new", True, False, True)
    await upgrade(settings, new)
    with pytest.raises(SchemaTooNewError, match=r"revision 0003, .* newer than this release \(0001\)"):
        await upgrade(settings, old)


async def test_a_schema_nobody_wrote_down_is_refused(settings: DatabaseSettings, releases: Releases) -> None:
    old, new = releases.make("old", True), releases.make("new", True, True)
    await upgrade(settings, new)
    engine = create_async_engine(settings.database_url)
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE schema_history"))
    await engine.dispose()
    with pytest.raises(SchemaTooNewError):
        await upgrade(settings, old)


async def test_incompatible_revisions_are_refused_when_asked_to_before_anything_is_applied(
    settings: DatabaseSettings, releases: Releases
) -> None:
    old, new = releases.make("old", True), releases.make("new", True, True, False)
    await upgrade(settings, old)
    with pytest.raises(IncompatibleRevisionError, match="revision 0003 is not backward compatible"):
        await upgrade(settings, new, backward_compatible_only=True)
    assert await upgrade(settings, old) == Migrated("0001", "0001", backward_compatible=True)


@pytest.mark.parametrize("flag", [None, "'yes'"])
def test_a_revision_must_say_whether_it_is_compatible(releases: Releases, flag: object) -> None:
    package = releases.make("old", True, flag)
    with pytest.raises(MigrationError, match="revision 0002 does not say"):
        revisions(package)


def test_the_command_lists_them_without_settings(
    releases: Releases, capsys: pytest.CaptureFixture[str]
) -> None:
    package = releases.make("old", True, False)
    service = Service(
        name="old", settings=DatabaseSettings, create_app=lambda _: FastAPI(), migrations=package
    )
    assert run(service, ["migrations"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "head": "0002",
        "revisions": [
            {"revision": "0001", "title": "Step 1.", "backward_compatible": True},
            {"revision": "0002", "title": "Step 2.", "backward_compatible": False},
        ],
    }
