"""Stores that others run: encrypted, and believed only with the right authority and name."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text

from assistants_common.cache import build_redis
from assistants_common.database import Database, build_engine
from assistants_common.migrations import MigrationError, migrate
from assistants_common.settings import DatabaseSettings, ServiceSettings
from assistants_testing.authority import Authority, issue
from assistants_testing.postgres import PostgresServer
from assistants_testing.processes import give_to_unprivileged
from assistants_testing.redis import RedisServer
from assistants_testing.waiting import block_until

KEY = "k" * 32
HOST = "localhost"


def _new(directory: Path) -> Authority:
    directory.mkdir()
    give_to_unprivileged(directory)
    issued = issue(directory, HOST)
    for file in (issued.file, issued.certificate, issued.key):
        give_to_unprivileged(file)
    return issued


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Outside pytest's temporary folder, which the servers' user cannot enter."""
    with TemporaryDirectory(prefix="assistants-tls-") as name:
        give_to_unprivileged(Path(name))
        yield Path(name)


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return _new(folder / "right")


@pytest.fixture(scope="module")
def stranger(folder: Path) -> Authority:
    return _new(folder / "stranger")


def _reload(postgres: PostgresServer, expected: str) -> None:
    """The server reads its configuration a moment later, and new sessions tell of it."""
    fails_until = f"SELECT 1 / (current_setting('ssl') = '{expected}')::int"

    def is_read() -> bool:
        try:
            postgres.execute(fails_until)
        except asyncpg.DivisionByZeroError:
            return False
        return True

    postgres.execute("SELECT pg_reload_conf()")
    block_until(is_read)


@pytest.fixture(scope="module")
def encrypted(postgres: PostgresServer, authority: Authority) -> Iterator[dict[str, Any]]:
    """Settings of a database on a server that encrypts for those who ask."""
    settings = {
        "ssl_cert_file": f"'{authority.certificate}'",
        "ssl_key_file": f"'{authority.key}'",
        "ssl": "on",
    }
    for name, value in settings.items():
        postgres.execute(f"ALTER SYSTEM SET {name} = {value}")
    _reload(postgres, "on")
    address = postgres.create_database("encrypted")
    yield {**address.as_settings(), "postgres_host": HOST, "jwt_secret_key": KEY}
    for name in settings:
        postgres.execute(f"ALTER SYSTEM RESET {name}")
    _reload(postgres, "off")
    postgres.drop_database(address)


def _settings(encrypted: dict[str, Any], mode: str, **more: object) -> DatabaseSettings:
    return DatabaseSettings.model_validate({**encrypted, "postgres_sslmode": mode, **more})


async def _is_encrypted(settings: DatabaseSettings) -> bool:
    database = Database(build_engine(settings, "test"))
    try:
        async with database.session() as session:
            query = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            return bool(await session.scalar(query))
    finally:
        await database.dispose()


@pytest.mark.parametrize(("mode", "expected"), [("disable", False), ("prefer", True), ("require", True)])
async def test_postgres_is_encrypted_as_the_mode_says(
    encrypted: dict[str, Any], mode: str, expected: bool
) -> None:
    assert await _is_encrypted(_settings(encrypted, mode)) is expected


async def test_postgres_is_believed_with_its_authority_and_name(
    encrypted: dict[str, Any], authority: Authority, stranger: Authority
) -> None:
    assert await _is_encrypted(_settings(encrypted, "verify-full", postgres_ca_file=authority.file))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
        await _is_encrypted(_settings(encrypted, "verify-full", postgres_ca_file=stranger.file))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
        await _is_encrypted(_settings(encrypted, "verify-full"))
    elsewhere = {"postgres_ca_file": authority.file, "postgres_host": "127.0.0.1"}
    with pytest.raises(ssl.SSLCertVerificationError, match=r"doesn't match|is not valid for|mismatch"):
        await _is_encrypted(_settings(encrypted, "verify-full", **elsewhere))


async def test_a_new_authority_is_in_force_without_a_restart(
    encrypted: dict[str, Any], authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.write_bytes(stranger.file.read_bytes())
    settings = _settings(encrypted, "verify-full", postgres_ca_file=bundle)
    with pytest.raises(ssl.SSLCertVerificationError):
        await _is_encrypted(settings)
    bundle.write_bytes(stranger.file.read_bytes() + authority.file.read_bytes())
    assert await _is_encrypted(settings)


async def test_a_migration_says_at_once_whom_it_does_not_believe(
    encrypted: dict[str, Any],
    authority: Authority,
    stranger: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package = tmp_path / "encrypted_revisions"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_first.py").write_text(
        "revision='0001'\ndown_revision=None\nbackward_compatible=True\ndef upgrade():\n    pass\n"
    )
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MigrationError, match=f"the certificate of {HOST} is not believed: .*issuer"):
        await migrate(_settings(encrypted, "verify-full", postgres_ca_file=stranger.file), package.name)
    settings = _settings(encrypted, "verify-full", postgres_ca_file=authority.file)
    assert (await migrate(settings, package.name)).after == "0001"


def test_an_authority_that_is_not_there_is_refused() -> None:
    values = {"jwt_secret_key": KEY, "redis_tls": True, "redis_ca_file": "/does/not/exist"}
    with pytest.raises(ValidationError, match="redis_ca_file"):
        ServiceSettings.model_validate(values)


@pytest.fixture
async def secure_redis(redis_server: RedisServer, authority: Authority) -> AsyncIterator[dict[str, Any]]:
    """Settings of Redis behind a program that encrypts for it: the server of the tests itself cannot."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(redis_server.host, redis_server.port)
        await asyncio.gather(pump(reader, forth), pump(back, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield {
            "jwt_secret_key": KEY,
            "redis_host": HOST,
            "redis_port": port,
            "redis_password": redis_server.password,
            "redis_tls": True,
        }


async def test_redis_is_believed_with_its_authority_and_name(
    secure_redis: dict[str, Any], authority: Authority, stranger: Authority
) -> None:
    async def answers(**more: object) -> bool:
        settings = ServiceSettings.model_validate({**secure_redis, **more})
        async with build_redis(settings, retries=0) as redis:
            return bool(await redis.ping())

    assert await answers(redis_ca_file=authority.file)
    for refused in (
        {"redis_ca_file": stranger.file},
        {},
        {"redis_ca_file": authority.file, "redis_host": "127.0.0.1"},
    ):
        with pytest.raises(RedisConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            await answers(**refused)


async def test_a_new_authority_of_redis_is_in_force_without_a_restart(
    secure_redis: dict[str, Any], authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.crt"
    bundle.write_bytes(stranger.file.read_bytes())
    settings = ServiceSettings.model_validate({**secure_redis, "redis_ca_file": bundle})
    async with build_redis(settings, retries=0, pool_size=1) as redis:
        with pytest.raises(RedisConnectionError):
            await redis.ping()
        bundle.write_bytes(authority.file.read_bytes())
        assert await redis.ping()
