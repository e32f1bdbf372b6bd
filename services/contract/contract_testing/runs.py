"""Runs schemathesis against one service as one identity."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from .exclusions import exclusions_for
from .failures import failures_in, with_variables
from .hooks import ACCEPTED_FILE_VARIABLE, EXAMPLES_FILE_VARIABLE, PROTECTED_IDS_VARIABLE
from .identities import PEERS, Identity
from .targets import Running

_PHASES = ("examples", "coverage", "fuzzing")
_ALL = (".*",)
"""Without a word of what to include, schemathesis leaves out the operation that serves the description."""
_ALL_PHASES = (*_PHASES, "stateful")
_REQUEST_SECONDS = 60
_RUN_SECONDS = 1800
_SERVER_ERRORS = ("ST101", "ST102")


@dataclass(frozen=True)
class Options:
    examples: int
    seed: int
    include: Sequence[str] = ()
    """Regular expressions of `METHOD /path`; empty: all operations, and sequences of them."""


@dataclass(frozen=True)
class Outcome:
    """The result of one run."""

    identity: str
    operations: int
    cases: int
    server_errors: Sequence[str]
    """Each as `operation: what happened`."""

    contract_breaks: Sequence[str]
    other_errors: Sequence[str]
    accepted: Sequence[str]
    """Operations that accepted a request."""

    seconds: float
    failures: str
    """The failures in full, with the curl commands that show them again; empty when there is none."""

    @property
    def summary(self) -> str:
        found = len(self.server_errors) + len(self.contract_breaks) + len(self.other_errors)
        return f"{self.cases} cases as {self.identity} in {self.seconds:.0f} s, {found} findings"


@dataclass(frozen=True)
class _Files:
    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "schemathesis.toml"

    @property
    def report(self) -> Path:
        return self.folder / "report.json"

    @property
    def examples(self) -> Path:
        return self.folder / "examples.json"

    @property
    def accepted(self) -> Path:
        return self.folder / "accepted.txt"


def run(service: str, running: Running, auth_file: Path, caller: Identity, options: Options) -> Outcome:
    files = _Files(auth_file.parent / f"{service}-{caller.name}")
    files.folder.mkdir()
    files.configuration.write_text(_toml(_configuration(service, running, auth_file, caller, options)))
    files.examples.write_text(json.dumps(running.examples(caller)))
    started = monotonic()
    exit_code, output = _run(running, options, files)
    seconds = monotonic() - started
    text = with_variables(failures_in(output), running.url, running.tokens, caller.name)
    # schemathesis creates the file at its start and fills it at its end.
    report = files.report.read_text() if files.report.is_file() else ""
    if not report:
        title = f"schemathesis ended without a report ({_last_line(output) or exit_code})"
        return Outcome(caller.name, 0, 0, (), (), (title,), (), seconds, text)
    return _outcome(caller.name, files, exit_code, text, seconds)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _configuration(
    service: str, running: Running, auth_file: Path, caller: Identity, options: Options
) -> dict[str, Any]:
    wfc: dict[str, Any] = {"path": str(auth_file), "user": caller.name}
    if caller in PEERS:
        wfc["peers"] = [peer.name for peer in PEERS]
    return {
        "seed": options.seed,
        "continue-on-failure": False,
        "hooks": "contract_testing.hooks",
        "base-url": running.url,
        "request-timeout": _REQUEST_SECONDS,
        "auth": {"wfc": wfc},
        "generation": {"max-examples": options.examples, "database": "none"},
        "output": {"sanitization": {"enabled": False}, "truncation": {"max-lines": 60}},
        "operations": [exclusion.as_configuration() for exclusion in exclusions_for(service)],
    }


def _run(running: Running, options: Options, files: _Files) -> tuple[int, str]:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(files.configuration), "--no-color"),
        *("run", f"{running.url}/openapi.json", "--report", "json", "--report-json-path", str(files.report)),
        *("--phases", ",".join(_PHASES if options.include else _ALL_PHASES), "--wait-for-schema", "2"),
        # Slow generation of requests is the machine's fault, not the service's.
        *("--suppress-health-check", "too_slow"),
        *("--include-name-regex", "|".join(f"(?:{pattern})" for pattern in options.include or _ALL)),
    ]
    variables = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        PROTECTED_IDS_VARIABLE: " ".join(sorted(str(item) for item in running.protected_ids)),
        EXAMPLES_FILE_VARIABLE: str(files.examples),
        ACCEPTED_FILE_VARIABLE: str(files.accepted),
    }
    try:
        finished = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=files.folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else ""
        return -1, f"{output}\nschemathesis did not end within {_RUN_SECONDS} s"
    return finished.returncode, finished.stdout + finished.stderr


def _outcome(identity: str, files: _Files, exit_code: int, text: str, seconds: float) -> Outcome:
    report = json.loads(files.report.read_text())
    groups = report["failures"]
    errors = [group["title"] for group in report["errors"]]
    if exit_code and not groups and not errors:
        errors = [f"schemathesis ended with {exit_code}"]
    return Outcome(
        identity=identity,
        operations=(report["operations"] or {}).get("tested", 0),
        cases=report["test_cases"]["generated"],
        server_errors=_named(group for group in groups if group["code"] in _SERVER_ERRORS),
        contract_breaks=_named(group for group in groups if group["code"] not in _SERVER_ERRORS),
        other_errors=errors,
        accepted=files.accepted.read_text().splitlines() if files.accepted.is_file() else (),
        seconds=seconds,
        failures=text if groups or errors else "",
    )


def _named(groups: Iterable[dict[str, Any]]) -> list[str]:
    return sorted(f"{operation}: {group['title']}" for group in groups for operation in group["operations"])


def _toml(document: dict[str, Any], prefix: str = "") -> str:
    """Write the subset of TOML that the configuration needs: JSON values, except tables, are TOML values."""
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    arrays = {key: value for key, value in document.items() if _is_array_of_tables(value)}
    lines = [
        f"{json.dumps(key)} = {json.dumps(value)}"
        for key, value in document.items()
        if key not in tables and key not in arrays
    ]
    parts = ["\n".join(lines)] if lines else []
    for key, value in tables.items():
        parts.append(f"[{prefix}{json.dumps(key)}]\n{_toml(value, f'{prefix}{json.dumps(key)}.')}")
    for key, values in arrays.items():
        name = f"{prefix}{json.dumps(key)}"
        parts.extend(f"[[{name}]]\n{_toml(value, f'{name}.')}" for value in values)
    return "\n".join(parts)


def _is_array_of_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
