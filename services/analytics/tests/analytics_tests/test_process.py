from pathlib import Path
from typing import Any

import httpx

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import run_command, running_service

PACKAGE = "analytics"


def test_migrate_and_serve(
    postgres: PostgresServer, platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**platform_settings, **postgres.create_database("process").as_settings()}
    migrated = run_command(PACKAGE, ["migrate"], settings)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    with running_service(PACKAGE, settings, tmp_path) as service:
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health").status_code == 200
            assert "analytics_reports_generated_total" in client.get("/metrics").text
            document = client.get("/openapi.json").json()
        service.terminate()
        assert service.wait() == 0
    created = document["paths"]["/reports/generate"]["post"]["responses"]["201"]["content"]
    assert set(created) == {"application/json", "text/csv"}
    shown = document["paths"]["/dashboards/{dashboard_id}"]["get"]["responses"]["200"]["content"]
    assert set(shown) == {"application/json", "text/html"}
