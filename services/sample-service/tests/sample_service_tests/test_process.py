from pathlib import Path
from typing import Any

import httpx
import pytest

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import run_command, running_service

pytestmark = pytest.mark.slow


def test_migrate_and_serve(
    postgres: PostgresServer, platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**platform_settings, **postgres.create_database("process").as_settings()}
    migrated = run_command("sample_service", ["migrate"], settings)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    with running_service("sample_service", settings, tmp_path) as service:
        assert httpx.get(f"{service.url}/health").json()["service"] == "sample-service"
        service.terminate()
        assert service.wait() == 0
