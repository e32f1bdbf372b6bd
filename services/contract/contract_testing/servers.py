"""The processes of a contract test: stores, services, stand-ins and the gateway."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistants_testing import processes
from assistants_testing.postgres import REPOSITORY, PostgresServer, postgres_server
from assistants_testing.redis import RedisServer, redis_server
from assistants_testing.service_process import environment, run_command, running_service
from assistants_testing.waiting import PATIENCE_SECONDS

_GATEWAY = REPOSITORY / "services" / "api-gateway"


@dataclass(frozen=True)
class Stores:
    """Servers for one service, or for all services behind the gateway."""

    postgres: PostgresServer
    redis: RedisServer
    directory: Path


@contextmanager
def running_stores(directory: Path) -> Iterator[Stores]:
    for name in ("postgres", "redis"):
        (directory / name).mkdir()
    directory.chmod(0o755)
    with postgres_server(directory / "postgres") as postgres, redis_server(directory / "redis") as redis:
        yield Stores(postgres, redis, directory)


@dataclass(frozen=True)
class Service:
    """A running Python service."""

    url: str
    package: str
    settings: Mapping[str, object]
    pid: int

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the service's commands to its end."""
        return run_command(self.package, arguments, self.settings)


@contextmanager
def migrated_service(package: str, settings: Mapping[str, object], stores: Stores) -> Iterator[Service]:
    """A service with its own database, created by its migrations."""
    values = {
        **stores.redis.as_settings(),
        **stores.postgres.create_database(package.rpartition(".")[2]).as_settings(),
        **settings,
    }
    migrated = run_command(package, ["migrate"], values)
    if migrated.returncode:
        raise RuntimeError(f"{package} migrate failed:\n{migrated.stdout}{migrated.stderr}")
    with running_service(package, values, stores.directory) as service:
        yield Service(service.url, package, values, service.process.pid)


@contextmanager
def running_stand_in(factory: str, directory: Path) -> Iterator[str]:
    """An application of `stand_ins` behind uvicorn."""
    port = processes.free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", f"contract_testing.stand_ins:{factory}"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning", "--lifespan", "off"),
    ]
    with _running(command, {}, REPOSITORY, directory / f"{factory}.log", f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def running_gateway(settings: Mapping[str, object], directory: Path) -> Iterator[str]:
    """The gateway as deno.json starts it."""
    port = processes.free_port()
    _, *arguments = json.loads((_GATEWAY / "deno.json").read_text())["tasks"]["start"].split(" ")
    values = {**settings, "host": "127.0.0.1", "port": port}
    command = [_deno(), *arguments]
    with _running(command, values, _GATEWAY, directory / "gateway.log", f"http://127.0.0.1:{port}") as url:
        yield url


def _deno() -> str:
    """The Deno of package.json, or of the PATH."""
    local = REPOSITORY / "node_modules" / ".bin" / "deno"
    found = str(local) if local.is_file() else shutil.which("deno")
    if found is None:
        raise RuntimeError("No deno: run npm ci at the root of the repository.")
    return found


@contextmanager
def _running(
    command: Sequence[str], settings: Mapping[str, object], cwd: Path, log: Path, url: str
) -> Iterator[str]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment(settings), cwd=cwd, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        processes.wait_until(lambda: _answers(url), process, log)
        yield url
    finally:
        processes.stop(process)


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=PATIENCE_SECONDS)
    except httpx.TransportError:
        return False
    return True
