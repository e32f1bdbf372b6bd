import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai_assistant_testing.stand_in import ANTHROPIC_KEY
from assistants_testing.postgres import PostgresServer
from assistants_testing.processes import free_port
from assistants_testing.service_process import run_command, running_service

pytestmark = pytest.mark.slow

PACKAGE = "ai_assistant"


def test_migrates_serves_and_ends(
    postgres: PostgresServer, platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {
        **platform_settings,
        **postgres.create_database("process").as_settings(),
        "anthropic_api_key": ANTHROPIC_KEY,
        "anthropic_base_url": f"http://127.0.0.1:{free_port()}",
    }
    migrated = run_command(PACKAGE, ["migrate"], settings)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    with running_service(PACKAGE, settings, tmp_path) as service:
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health").status_code == 200
            assert client.post("/chat", json={"message": "Hi"}).status_code == 401
        service.terminate()
        assert service.wait() == 0
        log = service.log.read_text()
    assert ANTHROPIC_KEY not in log
    assert all(json.loads(line)["service"] == "ai-assistant" for line in log.splitlines())
