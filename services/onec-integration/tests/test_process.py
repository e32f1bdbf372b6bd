import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import run_command, running_service

pytestmark = pytest.mark.slow

PACKAGE = "onec_integration"


def test_migrate_and_serve(
    postgres: PostgresServer, platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {
        **platform_settings,
        **postgres.create_database("process").as_settings(),
        "onec_server_url": "http://127.0.0.1:9/base",
        "onec_password": "very secret",
    }
    migrated = run_command(PACKAGE, ["migrate"], settings)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    with running_service(PACKAGE, settings, tmp_path) as service:
        assert httpx.get(f"{service.url}/health").status_code == 200
        assert httpx.get(f"{service.url}/companies").status_code == 401
        service.terminate()
        assert service.wait() == 0
        log = service.log.read_text()
    assert "very secret" not in log
    assert all(json.loads(line)["service"] == "onec-integration" for line in log.splitlines())


def test_settings_that_are_wrong_are_named(platform_settings: dict[str, Any]) -> None:
    result = run_command(PACKAGE, [], {**platform_settings, "onec_server_url": "ftp://user:hidden@host/"})
    assert result.returncode == 1
    assert "ONEC_SERVER_URL" in result.stdout
    assert "hidden" not in result.stdout + result.stderr
