import asyncio
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


async def add(
    resources: Resources,
    severity: str = "high",
    state: str = "open",
    kind: str = "brute_force",
    subject: str = "someone",
) -> UUID:
    now = datetime.now(UTC)
    threat = Threat(
        kind=kind,
        severity=severity,
        subject=subject,
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
    for severity, state in (("high", "open"), ("high", "resolved"), ("low", "open")):
        await add(resources, severity, state)
    before = datetime.now(UTC)
    await add(resources, kind="scraping")
    headers = auth_headers(role=Role.ANALYST)

    async def total(**query: str | int) -> tuple[int, int]:
        page = (await client.get(path, params=query, headers=headers)).json()
        return page["total"], len(page["items"])

    assert await total() == (4, 4)
    assert await total(severity="high") == (3, 3)
    assert await total(state="open") == (3, 3)
    assert await total(severity="high", state="open", limit=1) == (2, 1)
    assert await total(offset=3) == (4, 1)
    assert await total(kind="scraping") == (1, 1)
    assert await total(kind="scraping", severity="low") == (0, 0)
    assert await total(since=before.isoformat()) == (1, 1)
    refused: list[dict[str, str | int]] = [
        {"severity": "huge"},
        {"state": "lost"},
        {"limit": 0},
        {"kind": "none"},
        {"since": "2026-01-01"},
        {"since": "0.5"},
    ]
    for query in refused:
        assert (await client.get(path, params=query, headers=headers)).status_code == 422


async def test_alerts_are_newest_first(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    ids = [str(await add(resources)) for _ in range(3)]
    answer = await client.get("/alerts", headers=auth_headers(role=Role.ANALYST))
    items = answer.json()["items"]
    assert [item["id"] for item in items] == ids[::-1]
    assert items[0].items() >= {"kind": "brute_force", "subject": "someone", "count": 5}.items()
    assert (items[0]["changes"], items[0]["notifications"]) == ([], [])


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("open", "acknowledged", 200),
        ("open", "resolved", 200),
        ("acknowledged", "resolved", 200),
        ("open", "open", 409),
        ("acknowledged", "acknowledged", 409),
        ("acknowledged", "open", 200),
        ("resolved", "resolved", 409),
        ("resolved", "acknowledged", 409),
        ("resolved", "open", 200),
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


async def test_who_changed_a_state_and_why_is_kept(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    admin = uuid4()
    headers, alert = auth_headers(admin, Role.ADMIN), await add(resources)
    for body in (
        {"state": "acknowledged"},
        {"state": "resolved", "note": "  a holiday  "},
        {"state": "open"},
    ):
        answer = await client.post(f"/alerts/{alert}/state", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    shown = (await client.get(f"/alerts/{alert}", headers=auth_headers(role=Role.ANALYST))).json()
    assert shown == answer.json()
    assert [(item["from_state"], item["to_state"], item["note"]) for item in shown["changes"]] == [
        ("open", "acknowledged", None),
        ("acknowledged", "resolved", "a holiday"),
        ("resolved", "open", None),
    ]
    assert {item["changed_by"] for item in shown["changes"]} == {str(admin)}
    assert [item["time"] for item in shown["changes"]] == sorted(item["time"] for item in shown["changes"])
    page = (await client.get("/audit", params={"resource": f"alerts/{alert}"}, headers=headers)).json()
    assert [item["details"]["to"] for item in page["items"]] == ["open", "resolved", "acknowledged"]
    assert {(item["actor"], item["action"]) for item in page["items"]} == {
        (str(admin), "alert.state_changed")
    }


@pytest.mark.parametrize("note", ["", "   ", "a\x00b", "x" * 1001])
async def test_a_note_must_say_something(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, note: str
) -> None:
    path = f"/alerts/{await add(resources)}/state"
    body = {"state": "resolved", "note": note}
    assert (await client.post(path, json=body, headers=auth_headers(role=Role.ADMIN))).status_code == 422


async def test_a_threat_is_shown_by_its_id(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers(role=Role.ANALYST)
    alert = (await client.get(f"/alerts/{await add(resources)}", headers=headers)).json()
    threat = (await client.get(f"/threats/{alert['threat_id']}", headers=headers)).json()
    assert (threat["id"], threat["subject"]) == (alert["threat_id"], "someone")
    for path in (f"/threats/{uuid4()}", f"/alerts/{uuid4()}"):
        assert (await client.get(path, headers=headers)).status_code == 404


async def test_changes_at_once_follow_one_another(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    path, headers = f"/alerts/{await add(resources)}/state", auth_headers(role=Role.ADMIN)
    body = {"state": "resolved"}
    answers = await asyncio.gather(*(client.post(path, json=body, headers=headers) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
