"""Measures many clients that log in continuously at a service with little CPU, for `npm run bench:login`.

Prints one JSON document. SIGSTOP and SIGCONT in turns limit the service to a part of one CPU.
"""
# ruff: noqa: T201 - a command prints

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from time import monotonic
from urllib.parse import urlsplit

import httpx

from .servers import Service, running_stores
from .targets import service

_SLICE_SECONDS = 0.1
_PROBE_SECONDS = 10.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BODY = b'{"email": "stranger@example.com", "password": "wrong wrong wrong"}'
_REQUEST = (
    b"POST /auth/login HTTP/1.1\r\nHost: s\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


@dataclass
class Figures:
    """Seconds by the status of the answer, those of health checks, and MiB of memory."""

    logins: dict[str, list[float]] = field(default_factory=dict)
    health: dict[str, list[float]] = field(default_factory=dict)
    cpu_seconds: float = 0
    """What the service got while it was under load: a busy machine gives less than its part."""

    memory_before: float = 0
    memory_most: float = 0
    back_after: float = 0
    """From the end of the load until a login is let in and /health answers."""


def _memory(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def _with_a_part_of_a_cpu(pid: int, part: float) -> AsyncIterator[None]:
    async def throttle() -> None:
        while True:
            os.kill(pid, SIGSTOP)
            await asyncio.sleep(_SLICE_SECONDS * (1 - part))
            os.kill(pid, SIGCONT)
            await asyncio.sleep(_SLICE_SECONDS * part)

    os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})
    task = asyncio.create_task(throttle())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        os.kill(pid, SIGCONT)


async def _log_in(port: int, end: float, figures: Figures) -> None:
    """One client that keeps its connection and sends the next request after each answer."""
    while monotonic() < end:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                while monotonic() < end:
                    begin = monotonic()
                    writer.write(_REQUEST)
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    status = head[9:12].decode()
                    figures.logins.setdefault(status, []).append(monotonic() - begin)
                    await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
            finally:
                writer.close()


async def _probe(url: str) -> tuple[str, float]:
    begin = monotonic()
    try:
        async with httpx.AsyncClient(timeout=_PROBE_SECONDS) as client:
            status = str((await client.get(f"{url}/health")).status_code)
    except httpx.HTTPError as error:
        status = type(error).__name__
    return status, monotonic() - begin


async def _watch(service: Service, end: float, figures: Figures) -> None:
    while monotonic() < end:
        status, seconds = await _probe(service.url)
        figures.health.setdefault(status, []).append(seconds)
        figures.memory_most = max(figures.memory_most, _memory(service.pid))
        await asyncio.sleep(0.5)


async def _until_back(url: str) -> float:
    begin = monotonic()
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=_PROBE_SECONDS) as client:
        while True:
            answer = await client.post(f"{url}/auth/login", content=_BODY, headers=headers)
            if not answer.is_server_error:
                break
            await asyncio.sleep(0.1)
    await _probe(url)
    return monotonic() - begin


async def measure(service: Service, connections: int, seconds: float, cpu: float) -> Figures:
    port = urlsplit(service.url).port or 80
    figures = Figures(memory_before=_memory(service.pid))
    # A pod answers its probes before it gets logins.
    await _until_back(service.url)
    async with _with_a_part_of_a_cpu(service.pid, cpu):
        begin = _cpu_seconds(service.pid)
        end = monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(_log_in(port, end, figures))
            tasks.create_task(_watch(service, end, figures))
        figures.cpu_seconds = _cpu_seconds(service.pid) - begin
        figures.back_after = await _until_back(service.url)
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="login_load", description=__doc__)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--cpu", type=float, default=0.25)
    parsed = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running_stores(Path(folder)) as stores,
        service("user-management", stores) as running,
    ):
        figures = asyncio.run(measure(running, parsed.connections, parsed.seconds, parsed.cpu))
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    main()
