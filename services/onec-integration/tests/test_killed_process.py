"""The process that copies is killed, and the next one goes on where it stopped."""

import json
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assistants_common.tokens import Role, TokenService
from assistants_testing.redis import RedisServer
from assistants_testing.service_process import running_service
from assistants_testing.waiting import PATIENCE_SECONDS, block_until
from onec_integration.settings import Settings
from onec_simulator.base import COMPANIES, Base

pytestmark = pytest.mark.slow

PACKAGE = "onec_integration_testing"


@pytest.fixture
def values(platform_settings: dict[str, Any], simulator: tuple[Base, str]) -> dict[str, Any]:
    """Settings of a process: a lease that runs out soon, and small pages."""
    return {
        **platform_settings,
        "onec_server_url": simulator[1],
        "onec_username": Base.username,
        "onec_password": Base.password,
        "onec_page_size": 10,
        "onec_poll_seconds": 0.1,
        "onec_lease_seconds": 1,
        "onec_timeout_seconds": PATIENCE_SECONDS,
        "drain_seconds": 0,
    }


def test_a_killed_process_loses_no_row_and_no_event(
    values: dict[str, Any], base: Base, redis_instance: RedisServer, tmp_path: Path
) -> None:
    base.add_companies(60)
    token = TokenService(Settings.model_validate(values)).issue(uuid4(), Role.ANALYST).value
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "order-0001"}
    with running_service(PACKAGE, values, tmp_path) as service:
        httpx.get(f"{service.url}/metadata", headers=headers)
        base.answers_left = 3
        body = {"entity_sets": [COMPANIES]}
        order = httpx.post(f"{service.url}/sync/data", json=body, headers=headers)
        path = f"/sync/{order.headers['location']}"

        def progress() -> Any:  # noqa: ANN401 - JSON
            return httpx.get(f"{service.url}{path}", headers=headers).json()

        block_until(lambda: progress()["rows_read"] >= 20)
        service.process.send_signal(signal.SIGKILL)
        service.wait()
    base.answers_left = None
    base.requests.clear()
    with running_service(PACKAGE, values, tmp_path) as service:
        block_until(lambda: progress()["status"] == "completed")
        job = progress()
    pages = [request.query.get("$filter", "") for request in base.requests if "$top" in request.query]
    assert pages
    assert min(pages) >= "Code ge '000000019'"
    assert (job["rows_read"], job["rows_stored"], job["percent"]) == (60, 60, 100)
    assert {request.request_id for request in base.requests if request.path == COMPANIES} == {"order-0001"}
    events = [json.loads(document) for document in redis_instance.stream_field("events", "event")]
    assert [(event["type"], event["request_id"]) for event in events] == [
        ("onec.sync_completed", "order-0001")
    ]
