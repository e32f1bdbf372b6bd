"""Events of the other services in the audit log."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from assistants_common.events import Event
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from security.detection.detector import Detector

USER = UUID("0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11")
ADMIN = UUID("7a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a12")


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """The whole log is compared, so every test starts with an empty one."""


async def log(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> list[dict[str, Any]]:
    headers = auth_headers(role=Role.ADMIN)
    assert (await client.get("/audit/verify", headers=headers)).json()["valid"]
    items: list[dict[str, Any]] = (await client.get("/audit", headers=headers)).json()["items"]
    return items


@pytest.mark.parametrize(
    ("type_", "user", "data", "expected"),
    [
        ("user.registered", USER, {"role": "user"}, (str(USER), f"users/{USER}", "success")),
        ("user.login", USER, {"role": "user"}, (str(USER), f"users/{USER}", "success")),
        ("user.login_failed", None, {"account": "ab12"}, (None, "accounts/ab12", "failure")),
        ("user.locked", None, {"account": "ab12", "seconds": 60}, (None, "accounts/ab12", "failure")),
        ("user.logout", USER, {}, (str(USER), f"users/{USER}", "success")),
        (
            "user.role_changed",
            USER,
            {"from": "user", "to": "admin", "by": str(ADMIN)},
            (str(ADMIN), f"users/{USER}", "success"),
        ),
        (
            "user.role_changed",
            USER,
            {"from": "user", "to": "admin", "by": None},
            (None, f"users/{USER}", "success"),
        ),
        ("user.token_reused", USER, {}, (str(USER), f"users/{USER}", "failure")),
        ("user.something_new", USER, {}, (str(USER), f"users/{USER}", "success")),
        ("gateway.rate_limited", None, {"address": "::1"}, (None, "addresses/::1", "failure")),
        ("gateway.enumeration", USER, {"address": "::1"}, (str(USER), f"users/{USER}", "failure")),
        ("gateway.rate_limited", None, {"address": "a\x00b"}, (None, "platform", "failure")),
        ("ai.prompt_flagged", USER, {"markers": ["m"]}, (str(USER), f"users/{USER}", "failure")),
        ("onec.report_read", USER, {"rows": 1}, (str(USER), f"users/{USER}", "success")),
        ("onec.sync_failed", USER, {}, (str(USER), f"users/{USER}", "failure")),
    ],
)
async def test_an_event_becomes_an_entry(
    detector: Detector,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    type_: str,
    user: UUID | None,
    data: dict[str, Any],
    expected: tuple[str | None, str, str],
) -> None:
    event = Event(type=type_, source="some-service", user_id=user, data=data, request_id="request-1")
    await detector.handle(event)
    [entry] = await log(client, auth_headers)
    assert (entry["actor"], entry["resource"], entry["outcome"]) == expected
    assert (entry["action"], entry["source"], entry["event_id"]) == (type_, "some-service", str(event.id))
    assert entry["details"]["data"] == data
    assert entry["details"]["request_id"] == "request-1"
    assert datetime.fromisoformat(entry["details"]["time"]) == event.time


@pytest.mark.parametrize("type_", ["ai.usage", "security.alert", "other.thing", "user.\x00", "user.a b"])
async def test_other_events_become_none(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders, type_: str
) -> None:
    await detector.handle(Event(type=type_, source="x", user_id=USER))
    assert await log(client, auth_headers) == []


async def test_an_event_becomes_one_entry_however_often_it_comes(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    events = [Event(type="user.login", source="x", user_id=uuid4()) for _ in range(4)]
    await asyncio.gather(*(detector.handle(event) for event in events * 3))
    entries = await log(client, auth_headers)
    assert {entry["event_id"] for entry in entries} == {str(event.id) for event in events}
    assert len(entries) == 4


async def test_an_old_event_is_kept_although_no_rule_looks_at_it(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    time = datetime.now(UTC) - timedelta(days=30)
    await detector.handle(Event(type="user.token_reused", source="x", user_id=USER, time=time))
    [entry] = await log(client, auth_headers)
    assert datetime.fromisoformat(entry["details"]["time"]) == time
    answer = await client.get("/threats", headers=auth_headers(role=Role.ADMIN))
    assert answer.json()["total"] == 0


@pytest.mark.parametrize(
    "data", [{"note": "x" * 20_000}, {"note": "\ud800"}, {"note": float("nan")}, {"\ud800": 1}]
)
async def test_data_that_cannot_be_kept_does_not_cost_the_entry(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders, data: dict[str, Any]
) -> None:
    event = Event(type="user.login", source="x", user_id=USER).model_copy(update={"data": data})
    await detector.handle(event)
    [entry] = await log(client, auth_headers)
    assert entry["details"].keys() == {"time", "data_left_out"}


@pytest.mark.parametrize("source", ["api", "a b", "x" * 65, "\x00", ""])
async def test_a_source_that_is_no_service_is_not_believed(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders, source: str
) -> None:
    await detector.handle(Event(type="user.login", source=source, user_id=USER))
    [entry] = await log(client, auth_headers)
    assert entry["source"] == "unknown"
