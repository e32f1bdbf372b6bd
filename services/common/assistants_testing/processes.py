"""Child processes that never outlive the tests."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from assistants_testing.waiting import PATIENCE_SECONDS, block_until

_PR_SET_PDEATHSIG = 1
_UNPRIVILEGED = "nobody"
_STARTER = ThreadPoolExecutor(1, "process-starter")


def free_port() -> int:
    """A port reserved for this process: the kernel refuses connections until a server of the process listens.

    The socket stays bound, without listening, until the process ends, so the kernel gives the port to no
    other process. Servers set SO_REUSEADDR like this socket, so they can bind the port any number of times.
    """
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    port: int = reservation.getsockname()[1]
    reservation.detach()
    return port


def unprivileged_user() -> str | None:
    """The user for servers that refuse to run as root; None when this process is not root."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None


def give_to_unprivileged(path: Path) -> None:
    user = unprivileged_user()
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def start(command: Sequence[str | Path], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    """Start a server as an unprivileged user; it dies with this process."""
    # The kernel takes the end of the starting thread for the parent's death, so a lasting thread starts the
    # server.
    return _STARTER.submit(_start, command, log, cwd).result()


def _start(command: Sequence[str | Path], log: Path, cwd: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            user=unprivileged_user(),
            group=_group(),
            extra_groups=[] if unprivileged_user() else None,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call
        )


@dataclass
class Server:
    """A server process that tests can stop and start again on the same port with the same data."""

    command: Sequence[str | Path]
    directory: Path
    log: Path
    answers: Callable[[], bool]
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        if not self.running:
            self._process = start(self.command, self.log, self.directory)
            wait_until(self.answers, self._process, self.log)

    def stop(self, how: signal.Signals) -> None:
        if self._process is not None:
            stop(self._process, how)
            self._process = None


def run(command: Sequence[str | Path], cwd: Path) -> None:
    """Run a command as an unprivileged user; raises with its output when it fails."""
    result = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        user=unprivileged_user(),
        group=_group(),
        extra_groups=[] if unprivileged_user() else None,
        check=False,
        text=True,
    )
    if result.returncode:
        raise RuntimeError(f"{command[0]} failed with {result.returncode}:\n{result.stdout}")


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(PATIENCE_SECONDS)


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a server; raises with its log when it ends or does not answer."""

    def ended_or_ready() -> bool:
        return process.poll() is not None or ready()

    try:
        block_until(ended_or_ready)
    except TimeoutError as error:
        raise RuntimeError(f"the server does not answer:\n{log.read_text(errors='replace')}") from error
    if process.returncode is not None:
        raise RuntimeError(f"the server ended with {process.returncode}:\n{log.read_text(errors='replace')}")


def _group() -> int | None:
    user = unprivileged_user()
    return pwd.getpwnam(user).pw_gid if user else None


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
