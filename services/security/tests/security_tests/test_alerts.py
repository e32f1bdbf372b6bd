from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from security.models import Alert, Threat


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Lists are compared whole, so every test starts with none."""


async def add(resources: Resources, severity: str = "high", state: str = "open") -> UUID:
    now = datetime.now(UTC)
    threat = Threat(
        kind="brute_force",
        severity=severity,
        subject="someone",
        evidence={},
        first_seen=now,
        last_seen=now,
        count=5,
    )
    alert = Alert(threat=threat, severity=severity, state=state, title="Something", announced_at=now)
    async with resources.require_database().session() as session:
        session.add(alert)
        await session.commit()
    return alert.id


@pytest.mark.parametrize("path", ["/threats", "/alerts"])
async def test_reading_is_for_analysts_and_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, path: str
) -> None:
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=auth_headers())).status_code == 403
    for role in (Role.ANALYST, Role.ADMIN):
        answer = await client.get(path, headers=auth_headers(role=role))
        assert answer.json() == {"items": [], "total": 0, "limit": 50, "offset": 0}


@pytest.mark.parametrize("path", ["/threats", "/alerts"])
async def test_lists_are_filtered_and_paged(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, path: str
) -> None:
    for severity, state in (("high", "open"), ("high", "resolved"), ("low", "open"), ("high", "open")):
        await add(resources, severity, state)
    headers = auth_headers(role=Role.ANALYST)

    async def total(**query: str | int) -> tuple[int, int]:
        page = (await client.get(path, params=query, headers=headers)).json()
        return page["total"], len(page["items"])

    assert await total() == (4, 4)
    assert await total(severity="high") == (3, 3)
    assert await total(state="open") == (3, 3)
    assert await total(severity="high", state="open", limit=1) == (2, 1)
    assert await total(offset=3) == (4, 1)
    for query in ({"severity": "huge"}, {"state": "lost"}, {"limit": 0}):
        assert (await client.get(path, params=query, headers=headers)).status_code == 422


async def test_alerts_are_newest_first(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    ids = [str(await add(resources)) for _ in range(3)]
    answer = await client.get("/alerts", headers=auth_headers(role=Role.ANALYST))
    items = answer.json()["items"]
    assert [item["id"] for item in items] == ids[::-1]
    fields = {"id", "threat_id", "state", "severity", "title", "created_at", "updated_at"}
    assert set(items[0]) == fields


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("open", "acknowledged", 200),
        ("open", "resolved", 200),
        ("acknowledged", "resolved", 200),
        ("open", "open", 409),
        ("acknowledged", "acknowledged", 409),
        ("acknowledged", "open", 409),
        ("resolved", "resolved", 409),
        ("resolved", "acknowledged", 409),
        ("resolved", "open", 409),
    ],
)
async def test_states_follow_one_another(
    client: httpx.AsyncClient,
    resources: Resources,
    auth_headers: AuthHeaders,
    before: str,
    after: str,
    status: int,
) -> None:
    alert, headers = await add(resources, state=before), auth_headers(role=Role.ADMIN)
    answer = await client.post(f"/alerts/{alert}/state", json={"state": after}, headers=headers)
    assert answer.status_code == status
    [item] = (await client.get("/alerts", headers=headers)).json()["items"]
    assert item["state"] == (after if status == 200 else before)
    assert (item["updated_at"] > item["created_at"]) is (status == 200)


async def test_only_administrators_change_states(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    path, body = f"/alerts/{await add(resources)}/state", {"state": "resolved"}
    assert (await client.post(path, json=body)).status_code == 401
    for role in (Role.USER, Role.ANALYST):
        assert (await client.post(path, json=body, headers=auth_headers(role=role))).status_code == 403


async def test_unknown_alert_and_unknown_state(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers(role=Role.ADMIN)
    answer = await client.post(f"/alerts/{uuid4()}/state", json={"state": "resolved"}, headers=headers)
    assert answer.status_code == 404
    path = f"/alerts/{await add(resources)}/state"
    assert (await client.post(path, json={"state": "gone"}, headers=headers)).status_code == 422
