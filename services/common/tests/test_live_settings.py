"""Secrets that change while the process runs, as those of a mounted Secret do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import AuthenticationError
from sqlalchemy.exc import DBAPIError

from assistants_common.cache import build_redis
from assistants_common.database import Database, build_engine
from assistants_common.live_settings import LiveSettings
from assistants_common.passwords import Passwords
from assistants_common.settings import DatabaseSettings, ServiceSettings
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer

OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    (tmp_path / "JWT_SECRET_KEY").write_text(OLD)
    return tmp_path


@pytest.fixture
def live(files: Path) -> LiveSettings:
    del files
    return LiveSettings(ServiceSettings())


def _listen(live: LiveSettings) -> list[ServiceSettings]:
    seen: list[ServiceSettings] = []
    live.on_change(ServiceSettings, seen.append)
    return seen


def _key(live: LiveSettings) -> str | None:
    return live.current.jwt_secret_key.get_secret_value() if live.current.jwt_secret_key else None


def test_a_changed_file_is_in_force_and_told_of(live: LiveSettings, files: Path) -> None:
    seen = _listen(live)
    live.look()
    assert seen == []
    (files / "JWT_SECRET_KEY").write_text(f"{NEW}\n{OLD}\n")
    live.look()
    assert [_key(live), len(seen)] == [f"{NEW}\n{OLD}", 1]
    live.look()
    assert len(seen) == 1


def test_a_file_that_comes_late_and_goes_again(live: LiveSettings, files: Path) -> None:
    assert live.current.redis_password is None
    (files / "REDIS_PASSWORD").write_text("p")
    live.look()
    assert live.current.redis_password == SecretStr("p")
    (files / "REDIS_PASSWORD").unlink()
    live.look()
    assert live.current.redis_password is None


@pytest.mark.parametrize("spoil", [lambda file: file.write_text("short"), lambda file: file.unlink()])
def test_what_is_not_valid_changes_nothing(
    live: LiveSettings, files: Path, spoil: Callable[[Path], object]
) -> None:
    seen = _listen(live)
    spoil(files / "JWT_SECRET_KEY")
    (files / "REDIS_PASSWORD").write_text("p")
    live.look()
    assert (_key(live), live.current.redis_password, seen) == (OLD, None, [])


def test_a_variable_still_wins_over_a_file(
    live: LiveSettings, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "v")
    (files / "REDIS_PASSWORD").write_text("f")
    (files / "JWT_SECRET_KEY").write_text(NEW)
    live.look()
    assert (_key(live), live.current.redis_password) == (NEW, None)


def test_a_new_password_is_tried_before_those_there_were() -> None:
    passwords = Passwords(SecretStr("a"))
    for text in ("a\nb", "b\na", "b", "b"):
        passwords.use(SecretStr(text))
    assert passwords.candidates() == ("b", "a")
    assert Passwords(None).candidates() == (None,)


async def test_redis_is_logged_in_to_with_whichever_password_it_takes(redis_server: RedisServer) -> None:
    settings = ServiceSettings.model_validate({"jwt_secret_key": OLD, **redis_server.as_settings()})
    password = redis_server.password
    passwords = Passwords(SecretStr(f"not-yet\n{password}"))
    async with build_redis(settings, passwords=passwords) as redis:
        assert await redis.ping()
    passwords.use(SecretStr("wrong"))
    async with build_redis(settings, passwords=passwords) as redis:
        assert await redis.ping(), "the one from before the change"
    async with build_redis(settings, retries=0, passwords=Passwords(SecretStr("a\nb"))) as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


@pytest.fixture
def database_settings(postgres_server: PostgresServer) -> Iterator[DatabaseSettings]:
    address = postgres_server.create_database("live")
    yield DatabaseSettings.model_validate({"jwt_secret_key": OLD, **address.as_settings()})
    postgres_server.drop_database(address)


async def test_postgres_is_logged_in_to_with_whichever_password_it_takes(
    database_settings: DatabaseSettings, postgres_server: PostgresServer
) -> None:
    postgres_server.execute("DROP ROLE IF EXISTS live_test")
    postgres_server.execute("CREATE ROLE live_test LOGIN PASSWORD 'before'")
    settings = database_settings.model_copy(update={"postgres_user": "live_test"})
    passwords = Passwords(SecretStr("before\nafter"))
    database = Database(build_engine(settings, "test", passwords))
    await database.ping()
    postgres_server.execute("ALTER ROLE live_test PASSWORD 'after'")
    await database.dispose()
    await database.ping()
    await database.dispose()
    wrong = Database(build_engine(settings, "test", Passwords(SecretStr("neither\nnor"))))
    with pytest.raises(DBAPIError, match="password authentication failed"):
        await wrong.ping()
    await wrong.dispose()
