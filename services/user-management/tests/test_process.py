import json
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import httpx
import pytest

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import run_command, running_service
from assistants_testing.waiting import block_until

pytestmark = pytest.mark.slow

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
        assert run_command(PACKAGE, ["promote", "stranger@example.com"], settings).returncode == 1
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
        statuses: list[int] = []
        traffic = Thread(target=_ask_until_refused, args=(service.url, statuses))
        traffic.start()
        block_until(lambda: statuses)
        begin = monotonic()
        service.terminate()
        traffic.join()
        assert monotonic() - begin >= platform_settings["drain_seconds"]
        assert service.wait() == 0
    assert set(statuses) == {401}


def _ask_until_refused(url: str, statuses: list[int]) -> None:
    with suppress(httpx.TransportError):
        while True:
            answer = httpx.post(f"{url}/auth/login", json=ACCOUNT | {"email": f"{len(statuses)}@example.com"})
            statuses.append(answer.status_code)


def test_a_service_that_drains_is_not_ready_and_serves(
    platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    with running_service(PACKAGE, {**platform_settings, "drain_seconds": 300}, tmp_path) as service:
        assert httpx.get(f"{service.url}/health").status_code == 200
        service.terminate()
        block_until(lambda: httpx.get(f"{service.url}/health").status_code == 503)
        draining = httpx.get(f"{service.url}/health")
        assert draining.json()["checks"]["lifecycle"]["status"] == "unavailable"
        assert draining.headers["connection"] == "close"
        assert httpx.post(f"{service.url}/auth/login", json=ACCOUNT).status_code == 401


def test_settings_that_are_wrong_are_named_without_their_values(
    platform_settings: dict[str, Any],
) -> None:
    result = run_command(PACKAGE, [], {**platform_settings, "jwt_secret_key": "short-secret", "port": 0})
    assert result.returncode == 1
    errors = " ".join(lines(result.stdout)[-1]["errors"])
    assert "JWT_SECRET_KEY" in errors
    assert "PORT" in errors
    assert "short-secret" not in result.stdout + result.stderr
