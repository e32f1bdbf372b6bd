"""Tests one service in this process, or several in separate processes."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import httpx

from assistants_testing.waiting import PATIENCE_SECONDS

from .identities import CALLERS, write_auth_file
from .report import ServiceReport
from .runs import Options, Outcome, run
from .servers import running_stores
from .targets import EXAMPLES_DIVISOR, TARGETS, Running

_LOG_TAIL = 6_000
_METHODS = {"get", "put", "post", "patch", "delete", "head", "options", "trace"}


@contextmanager
def started(service: str) -> Iterator[tuple[Running, Path]]:
    """A service with its dependencies, and a temporary folder."""
    with TemporaryDirectory(prefix="contract-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        with running_stores(directory) as stores, TARGETS[service](stores) as running:
            yield running, directory


def run_one(service: str, options: Options, tell: Callable[[str], None]) -> ServiceReport:
    """Start a service, call it as each identity, and stop it. `tell` gets the progress."""
    begin = monotonic()
    outcomes: list[Outcome] = []
    operations: list[str] = []
    problem = ""
    try:
        with started(service) as (running, directory):
            tell(f"{service}: started after {monotonic() - begin:.0f} s")
            operations = _operations(running.url, options)
            auth_file = directory / "auth.json"
            write_auth_file(auth_file, running.auth)
            share = replace(options, examples=max(1, options.examples // EXAMPLES_DIVISOR.get(service, 1)))
            for number, caller in enumerate(CALLERS, 1):
                outcome = run(service, running, auth_file, caller, share)
                outcomes.append(outcome)
                tell(f"{service} {number}/{len(CALLERS)}: {outcome.summary}")
    except (RuntimeError, OSError, ImportError, subprocess.SubprocessError, httpx.HTTPError) as error:
        problem = f"{type(error).__name__}: {error}"[-_LOG_TAIL:]
    return ServiceReport(service, outcomes, monotonic() - begin, problem, operations)


def _operations(url: str, options: Options) -> list[str]:
    """The operations that the options select from the description, as `METHOD /path`."""
    paths = httpx.get(f"{url}/openapi.json", timeout=PATIENCE_SECONDS).raise_for_status().json()["paths"]
    names = [
        f"{method.upper()} {path}" for path, item in paths.items() for method in item if method in _METHODS
    ]
    patterns = [re.compile(pattern) for pattern in options.include]
    return [name for name in names if not patterns or any(pattern.search(name) for pattern in patterns)]


def run_several(services: Sequence[str], arguments: Sequence[str], jobs: int) -> list[ServiceReport]:
    """Test each in its own process, `jobs` at a time; their progress goes to the error stream at once."""
    children: list[subprocess.Popen[str]] = []

    def test(service: str) -> ServiceReport:
        command = [sys.executable, "-m", __package__ or "", "--json", *arguments, service]
        child = subprocess.Popen(  # noqa: S603 - this very program
            command, stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        begin = monotonic()
        output, _ = child.communicate()
        return _report(service, output, child.returncode, monotonic() - begin)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            return list(pool.map(test, services))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                child.send_signal(signal.SIGTERM)
            raise


def _report(service: str, output: str, exit_code: int, seconds: float) -> ServiceReport:
    try:
        (document,) = json.loads(output)["services"]
    except (ValueError, KeyError):
        return ServiceReport(service, (), seconds, f"the test ended with {exit_code}:\n{output[-_LOG_TAIL:]}")
    outcomes = [Outcome(**item) for item in document["runs"]]
    return ServiceReport(
        service, outcomes, document["seconds"], document["problem"] or "", document["operations"]
    )
