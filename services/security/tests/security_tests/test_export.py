"""The exported log, verified with and without a key, in this process and by the command."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from assistants_common.events import Event
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.service_process import environment, run_command
from security.audit_log.export import COUNT_WRONG, INCOMPLETE, UNREADABLE, verify_lines
from security.audit_log.keys import AuditKeys
from security.audit_log.verification import CHANGED, MISSING, RESIGNED, UNKNOWN_KEY, UNSIGNED
from security.detection.detector import Detector
from security.settings import Settings

from .conftest import Unprotected
from .test_audit import add

ENTRIES = 5
Export = Callable[..., Awaitable[list[bytes]]]
NO_KEY = AuditKeys([])


@pytest.fixture(autouse=True)
async def _log(
    clean_tables: None, client: httpx.AsyncClient, auth_headers: AuthHeaders, detector: Detector
) -> None:
    for number in range(ENTRIES - 1):
        await add(client, auth_headers(), details={"cost": 0.1 * number, "имя": "☃"})
    await detector.handle(Event(type="user.login_failed", source="x", data={"account": "a"}))


@pytest.fixture
def export(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> Export:
    async def read(**query: int) -> list[bytes]:
        headers = auth_headers(role=Role.ADMIN)
        answer = await client.get("/audit/export", params=query, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        return answer.content.splitlines(keepends=True)

    return read


def fault(lines: list[bytes], keys: AuditKeys) -> tuple[int, str] | None:
    found = verify_lines(lines, keys).fault
    return (found.sequence, found.reason) if found else None


async def test_an_export_is_verified(export: Export, settings: Settings) -> None:
    lines = await export()
    assert len(lines) == ENTRIES + 1
    found = verify_lines(lines, settings.audit_keys)
    assert (found.entries, found.fault) == (ENTRIES, None)
    assert found.checkpoint is not None
    assert found.checkpoint.sequence == ENTRIES
    assert fault(lines, NO_KEY) is None
    assert fault(lines, AuditKeys([token_hex(32)])) == (ENTRIES + 1, COUNT_WRONG)


async def test_a_part_is_exported_and_verified(export: Export, settings: Settings) -> None:
    lines = await export(**{"from": 4})
    assert [json.loads(line)["entry"]["sequence"] for line in lines[:-1]] == [4, 5]
    assert fault(lines, settings.audit_keys) is None
    nothing = await export(**{"from": 100})
    assert len(nothing) == 1
    assert fault(nothing, settings.audit_keys) is None


def changed(line: bytes, part: str, **values: object) -> bytes:
    document = json.loads(line)
    document[part] = {**document[part], **values} if values else None
    return json.dumps(document).encode() + b"\n"


Edit = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda lines: lines[:-1], (6, INCOMPLETE)),
        (lambda lines: lines[:3], (4, INCOMPLETE)),
        (lambda lines: [*lines[:4], lines[5]], (5, COUNT_WRONG)),
        (lambda lines: lines[1:], (6, COUNT_WRONG)),
        (lambda lines: [*lines[:2], *lines[3:]], (3, MISSING)),
        (lambda lines: [lines[1], lines[0], *lines[2:]], (1, MISSING)),
        (lambda lines: [*lines, lines[0]], (6, UNREADABLE)),
        (lambda lines: [*lines[:2], b"{\n", *lines[2:]], (3, UNREADABLE)),
        (lambda lines: [*lines[:2], b"{}\n", *lines[2:]], (3, UNREADABLE)),
        (lambda lines: [*lines[:2], changed(lines[2], "entry", action="x"), *lines[3:]], (3, CHANGED)),
        (lambda lines: [*lines[:2], changed(lines[2], "checkpoint"), *lines[3:]], (3, UNSIGNED)),
        (
            lambda lines: [*lines[:2], changed(lines[2], "checkpoint", key_id="x"), *lines[3:]],
            (3, UNKNOWN_KEY),
        ),
        (
            lambda lines: [*lines[:2], changed(lines[2], "checkpoint", signature="x"), *lines[3:]],
            (3, RESIGNED),
        ),
        (lambda lines: [*lines[:5], changed(lines[5], "end", entries=4)], (6, COUNT_WRONG)),
    ],
)
async def test_a_changed_export_is_found(
    export: Export, settings: Settings, edit: Edit, expected: tuple[int, str]
) -> None:
    assert fault(edit(await export()), settings.audit_keys) == expected


async def test_what_is_tampered_with_in_the_database_shows_in_the_export(
    export: Export, settings: Settings, unprotected: Unprotected
) -> None:
    async with unprotected() as session:
        change = "details = replace(details::text, '0.1', '1e999')::json"
        await session.execute(text(f"UPDATE audit_log SET {change} WHERE sequence = 2"))  # noqa: S608 - our own
    assert fault(await export(), settings.audit_keys) == (2, CHANGED)


def verify_command(file: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """As on an auditor's machine: without the settings of the service."""
    return run_command("security", ["verify", file], settings)


@pytest.mark.slow
async def test_the_command_verifies_a_file(export: Export, settings: Settings, tmp_path: Path) -> None:
    file, lines = tmp_path / "audit.ndjson", await export()
    file.write_bytes(b"".join(lines))
    assert settings.jwt_secret_key is not None
    secret = settings.jwt_secret_key.get_secret_value()
    good = verify_command(str(file), jwt_secret_key=secret)
    assert (good.returncode, good.stderr) == (0, "")
    document = json.loads(good.stdout)
    assert (document["valid"], document["entries"], document["checkpoint"]["sequence"]) == (True, 5, 5)
    without = verify_command(str(file))
    assert without.returncode == 0
    assert "signatures were not checked" in without.stderr
    assert json.loads(without.stdout)["checkpoint"] is None
    wrong = verify_command(str(file), audit_key=token_hex(32))
    assert wrong.returncode == 1
    file.write_bytes(b"".join(lines[:-1]))
    cut = verify_command(str(file), jwt_secret_key=secret)
    assert (cut.returncode, json.loads(cut.stdout)["reason"]) == (1, INCOMPLETE)


@pytest.mark.slow
async def test_the_command_reads_standard_input(export: Export) -> None:
    result = subprocess.run(  # noqa: ASYNC221 - nothing else has to go on meanwhile
        [sys.executable, "-m", "security", "verify", "-"],
        env=environment({}),
        input=b"".join(await export()),
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_the_command_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    assert "No such file" in verify_command(str(tmp_path / "none")).stderr
    assert "at least 32 bytes" in verify_command("-", audit_key="short").stderr
    two = run_command("security", ["verify", "a", "b"], {})
    assert (two.returncode, two.stdout) == (2, "")
    assert "usage" in two.stderr


@pytest.mark.slow
async def test_the_commands_verify_and_seal_the_database(
    platform_settings: dict[str, Any], unprotected: Unprotected
) -> None:
    def command(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        result = run_command("security", list(arguments), platform_settings)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]

    code, lines = command("verify")
    assert (code, lines[-1]["valid"], lines[-1]["entries"]) == (0, True, ENTRIES)
    async with unprotected() as session:
        await session.execute(text("DELETE FROM audit_log WHERE sequence = 5"))
    code, lines = command("verify")
    assert (code, lines[-1]["first_bad_sequence"]) == (1, 5)
    assert command("seal")[0] == 2
    assert command("seal", "lost", "an", "entry")[0] == 0
    code, lines = command("verify")
    assert (code, lines[-1]["checkpoint"]["sequence"]) == (0, 6)
