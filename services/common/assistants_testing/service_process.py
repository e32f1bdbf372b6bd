"""Runs a service like its container: `python -m <package>`, configured by environment variables."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from assistants_testing import processes
from assistants_testing.waiting import PATIENCE_SECONDS


@dataclass(frozen=True)
class ServiceProcess:
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def terminate(self) -> None:
        """Send SIGTERM, as the kubelet does, without waiting."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """The exit code."""
        return self.process.wait(PATIENCE_SECONDS)

    def alive(self) -> bool:
        try:
            return httpx.get(f"{self.url}/live", timeout=PATIENCE_SECONDS).is_success
        except httpx.TransportError:
            return False


def environment(settings: Mapping[str, object]) -> dict[str, str]:
    """The environment of a child process: settings in upper case, and the import path of this one."""
    variables = {name.upper(): str(value) for name, value in settings.items()}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1", **variables}


def run_command(
    package: str, arguments: Sequence[str], settings: Mapping[str, object]
) -> subprocess.CompletedProcess[str]:
    """Run `python -m package arguments...` to its end."""
    return subprocess.run(
        [sys.executable, "-m", package, *arguments],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_SECONDS,
        check=False,
    )


@contextmanager
def running_service(
    package: str, settings: Mapping[str, object], directory: Path
) -> Iterator[ServiceProcess]:
    """A live service in its own process; the context kills it at the end if it still runs."""
    port, log = processes.free_port(), directory / f"{package}.log"
    variables = environment({"host": "127.0.0.1", **settings, "port": port})
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", package], env=variables, stdout=output, stderr=subprocess.STDOUT
        )
    service = ServiceProcess(process, f"http://127.0.0.1:{port}", log)
    try:
        processes.wait_until(service.alive, process, log)
        yield service
    finally:
        processes.stop(process)
