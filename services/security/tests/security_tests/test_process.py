import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role, TokenService
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer
from assistants_testing.service_process import run_command, running_service
from security.settings import Settings

pytestmark = pytest.mark.slow

PACKAGE = "security"
RECORD = {"action": "test", "resource": "item", "details": {"note": "not for the log"}}


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize(("level", "logged"), [("info", ["success", "failure"]), ("WARNING", ["failure"])])
def test_migrate_and_serve(
    postgres: PostgresServer,
    platform_settings: dict[str, Any],
    redis_instance: RedisServer,
    tmp_path: Path,
    level: str,
    logged: list[str],
) -> None:
    redis_instance.flush()  # the anchor of another database's log would contradict the new one
    settings = {**platform_settings, **postgres.create_database("process").as_settings()}
    for _ in range(2):
        migrated = run_command(PACKAGE, ["migrate"], settings)
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    token = TokenService(Settings.model_validate(settings)).issue(uuid4(), Role.ADMIN).value
    settings["security_log_level"] = level
    with running_service(PACKAGE, settings, tmp_path) as service:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=service.url, headers=headers) as client:
            assert client.get("/health").json()["checks"].keys() == {"database", "redis"}
            for outcome in ("success", "failure"):
                assert client.post("/audit/log", json=RECORD | {"outcome": outcome}).status_code == 201
            assert client.get("/audit/verify").json()["valid"] is True
        service.terminate()
        assert service.wait() == 0
        log = service.log.read_text()
    entries = [line for line in lines(log) if line["message"] == "audit entry"]
    assert [entry["outcome"] for entry in entries] == logged
    assert all(entry["logger"] == "security.audit" and len(entry["hash"]) == 64 for entry in entries)
    assert token not in log
    assert "not for the log" not in log


def test_a_wrong_level_is_named(platform_settings: dict[str, Any]) -> None:
    result = run_command(PACKAGE, [], {**platform_settings, "security_log_level": "loud"})
    assert result.returncode == 1
    assert "SECURITY_LOG_LEVEL" in " ".join(lines(result.stdout)[-1]["errors"])


def test_addresses_come_as_one_variable(platform_settings: dict[str, Any]) -> None:
    good = {**platform_settings, "alert_email_to": "a@example.com, b@example.com"}
    assert run_command(PACKAGE, ["migrate"], good).returncode == 0
    result = run_command(PACKAGE, ["migrate"], {**platform_settings, "alert_email_to": "a@example.com;b"})
    assert result.returncode == 1
    assert "ALERT_EMAIL_TO" in " ".join(lines(result.stdout)[-1]["errors"])


async def test_every_endpoint_is_described(client: httpx.AsyncClient, resources: Resources) -> None:
    document = (await client.get("/openapi.json")).json()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {
        "POST /audit/log",
        "GET /audit",
        "GET /audit/export",
        "GET /audit/verify",
        "GET /threats",
        "GET /threats/{threat_id}",
        "GET /alerts/{alert_id}",
        "GET /alerts",
        "POST /alerts/{alert_id}/state",
    } <= operations.keys()
    assert "GET /audit/log" not in operations
    assert all(operation["summary"] for operation in operations.values())
