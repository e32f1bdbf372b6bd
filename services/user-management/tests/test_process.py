import json
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import run_command, running_service

PACKAGE = "user_management"
ACCOUNT = {"email": "first@example.com", "password": "correct horse battery"}


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_migrate_serve_promote(
    postgres: PostgresServer, platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**platform_settings, **postgres.create_database("process").as_settings()}
    for _ in range(2):
        migrated = run_command(PACKAGE, ["migrate"], settings)
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    with (
        running_service(PACKAGE, settings, tmp_path) as service,
        httpx.Client(base_url=service.url) as client,
    ):
        user_id = client.post("/auth/register", json=ACCOUNT).json()["id"]
        assert run_command(PACKAGE, ["promote", "nobody@example.com"], settings).returncode == 1
        assert run_command(PACKAGE, ["promote"], settings).returncode == 2
        promoted = run_command(PACKAGE, ["promote", "FIRST@example.com"], settings)
        assert promoted.returncode == 0
        assert lines(promoted.stdout)[-1]["user_id"] == user_id
        tokens = client.post("/auth/login", json=ACCOUNT).json()
        token = tokens["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get(f"/users/{user_id}", headers=headers).json()["role"] == "admin"
        assert client.get("/users", headers=headers).json()["total"] == 1
        log = service.log.read_text()
    assert ACCOUNT["password"] not in log
    assert token not in log
    assert tokens["refresh_token"] not in log
    assert {"timestamp", "level", "logger", "message", "service", "request_id"} <= set(lines(log)[-1])


def test_sigterm_drains_and_loses_nothing(platform_settings: dict[str, Any], tmp_path: Path) -> None:
    with running_service(PACKAGE, platform_settings, tmp_path) as service:
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health").status_code == 200
        statuses: list[int] = []
        service.terminate()
        drain_ends = monotonic() + float(platform_settings["drain_seconds"]) - 0.4
        traffic = Thread(target=_ask_until, args=(service.url, drain_ends, statuses))
        traffic.start()
        sleep(0.3)
        draining = httpx.get(f"{service.url}/health")
        assert draining.status_code == 503
        assert draining.json()["checks"]["lifecycle"]["status"] == "unavailable"
        assert draining.headers["connection"] == "close"
        traffic.join()
        assert service.wait() == 0
    assert set(statuses) == {401}


def _ask_until(url: str, deadline: float, statuses: list[int]) -> None:
    while monotonic() < deadline:
        answer = httpx.post(f"{url}/auth/login", json=ACCOUNT | {"email": f"{len(statuses)}@example.com"})
        statuses.append(answer.status_code)


def test_settings_that_are_wrong_are_named_without_their_values(
    platform_settings: dict[str, Any],
) -> None:
    result = run_command(PACKAGE, [], {**platform_settings, "jwt_secret_key": "short-secret", "port": 0})
    assert result.returncode == 1
    errors = " ".join(lines(result.stdout)[-1]["errors"])
    assert "JWT_SECRET_KEY" in errors
    assert "PORT" in errors
    assert "short-secret" not in result.stdout + result.stderr
