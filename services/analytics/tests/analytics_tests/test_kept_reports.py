from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text, update

from analytics.models import Report
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .conftest import AddEvent

JANUARY = {"from": "2025-01-01", "to": "2025-01-31"}


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own reports."""


async def generate(client: httpx.AsyncClient, headers: dict[str, str], **body: object) -> httpx.Response:
    answer = await client.post("/reports/generate", json=JANUARY | {"kind": "usage"} | body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


async def made(client: httpx.AsyncClient, headers: dict[str, str], **body: object) -> str:
    return (await generate(client, headers, **body)).headers["x-report-id"]


async def listed(client: httpx.AsyncClient, headers: dict[str, str], **query: str | int) -> dict[str, Any]:
    answer = await client.get("/reports", params=query, headers=headers)
    assert answer.status_code == 200
    page: dict[str, Any] = answer.json()
    return page


async def test_a_report_can_be_fetched_again(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, add_event: AddEvent
) -> None:
    headers = auth_headers(role=Role.ANALYST)
    await add_event("user.login", time="2025-01-01T12:00Z")
    answer = await generate(client, headers, kind="security", title="Январь", language="ru")
    await add_event("user.login", time="2025-01-01T13:00Z")
    address = httpx.URL("http://gateway.test/api/analytics/reports/generate").join(answer.headers["location"])
    assert address.path == f"/api/analytics/reports/{answer.json()['id']}"
    again = await client.get(f"/reports/{answer.json()['id']}", headers=headers)
    assert again.status_code == 200
    assert again.json() == answer.json()
    assert again.headers["cache-control"] == "no-store"
    english = await client.get(
        f"/reports/{answer.json()['id']}", params={"language": "en", "format": "json"}, headers=headers
    )
    assert english.json()["title"] == "Январь"


async def test_the_format_is_the_one_it_was_asked_for_in(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers()
    first = await generate(client, headers, format="csv")
    path = f"/reports/{first.headers['x-report-id']}"
    again = await client.get(path, headers=headers)
    assert (again.content, again.headers["content-type"]) == (first.content, "text/csv; charset=utf-8")
    other = await client.get(path, params={"format": "json"}, headers=headers)
    assert other.json()["format"] == "csv"
    wrong = await client.get(path, params={"format": "pdf"}, headers=headers)
    assert wrong.status_code == 422


async def test_the_list_is_the_callers_newest_first(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    mine, theirs, admin = auth_headers(), auth_headers(), auth_headers(role=Role.ADMIN)
    first = await made(client, mine, kind="usage")
    second = await made(client, mine, kind="sync", title="Обмен")
    other = await made(client, theirs)
    page = await listed(client, mine)
    assert ([item["id"] for item in page["items"]], page["total"]) == ([second, first], 2)
    assert page["items"][0]["title"] == "Обмен"
    assert "rows" not in page["items"][0]
    assert [item["id"] for item in (await listed(client, mine, kind="usage"))["items"]] == [first]
    assert [item["id"] for item in (await listed(client, mine, limit=1, offset=1))["items"]] == [first]
    assert [item["id"] for item in (await listed(client, theirs))["items"]] == [other]
    assert {item["id"] for item in (await listed(client, admin))["items"]} == {first, second, other}
    assert (await client.get("/reports")).status_code == 401


async def test_another_users_report_is_not_shown(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    path = f"/reports/{await made(client, auth_headers())}"
    missing = await client.get(f"/reports/{uuid4()}", headers=auth_headers())
    assert missing.status_code == 404
    for role in (Role.USER, Role.ANALYST):
        for format_ in ("json", "csv", "xlsx", "png"):
            answer = await client.get(path, params={"format": format_}, headers=auth_headers(role=role))
            assert answer.status_code == 404
            assert answer.json()["detail"] == missing.json()["detail"]
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=auth_headers(role=Role.ADMIN))).status_code == 200


async def test_another_users_report_is_not_deleted(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    owner = auth_headers()
    path = f"/reports/{await made(client, owner)}"
    for role in (Role.USER, Role.ANALYST):
        assert (await client.delete(path, headers=auth_headers(role=role))).status_code == 404
    assert (await client.delete(path)).status_code == 401
    assert (await client.get(path, headers=owner)).status_code == 200


async def test_another_users_reports_are_not_in_the_list(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    await made(client, auth_headers())
    for role in (Role.USER, Role.ANALYST):
        assert (await listed(client, auth_headers(role=role)))["items"] == []


async def test_who_is_no_analyst_any_more_does_not_see_the_platforms_figures(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    person = uuid4()
    platform = await made(client, auth_headers(person, Role.ANALYST))
    own = await made(client, auth_headers(person, Role.ANALYST), user_id=str(person))
    user = auth_headers(person, Role.USER)
    assert (await client.get(f"/reports/{platform}", headers=user)).status_code == 404
    assert (await client.get(f"/reports/{own}", headers=user)).status_code == 200
    assert [item["id"] for item in (await listed(client, user))["items"]] == [own]


async def test_owners_and_administrators_delete(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    owner = auth_headers()
    for deleter in (owner, auth_headers(role=Role.ADMIN)):
        path = f"/reports/{await made(client, owner)}"
        answer = await client.delete(path, headers=deleter)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await client.get(path, headers=owner)).status_code == 404
        assert (await client.delete(path, headers=deleter)).status_code == 404


async def test_the_oldest_reports_of_a_user_go(
    app: FastAPI, client: httpx.AsyncClient, auth_headers: AuthHeaders, resources: Resources
) -> None:
    most = app.state.settings.reports_per_user
    owner, other = uuid4(), auth_headers()
    kept = await made(client, other)
    headers = auth_headers(owner)
    oldest = await made(client, headers)
    before = datetime.now(UTC) - timedelta(hours=1)
    async with resources.require_database().session() as session:
        await session.execute(update(Report).where(Report.id == UUID(oldest)).values(created_at=before))
        copy = (
            "INSERT INTO reports (id, kind, period_from, period_to, rows, totals, created_by, created_at)"
            " SELECT gen_random_uuid(), kind, period_from, period_to, rows, totals, created_by,"
            " created_at + interval '1 second' FROM reports, generate_series(2, :most) WHERE id = :id"
        )
        await session.execute(text(copy), {"most": most, "id": UUID(oldest)})
        await session.commit()
    newest = await made(client, headers)
    async with resources.require_database().session() as session:
        count = await session.scalar(
            select(func.count()).select_from(Report).where(Report.created_by == owner)
        )
        assert await session.get(Report, UUID(oldest)) is None
        assert await session.get(Report, UUID(newest)) is not None
    assert count == most
    assert (await client.get(f"/reports/{kept}", headers=other)).status_code == 200


OLD_COST = '[{"provider": "openai", "model": "gpt-4", "ai_requests": 1, "prompt_tokens": 2, "completion_tokens": 3, "cost": 0.5}]'  # noqa: E501


@pytest.mark.parametrize(
    ("kind", "rows", "columns"),
    [
        (
            "cost",
            OLD_COST,
            ["provider", "model", "ai_requests", "prompt_tokens", "completion_tokens", "cost"],
        ),
        (
            "security",
            '[{"date": "2025-01-01", "logins": 1, "alerts": 2, "role_changes": 0, "login_failures": 3}]',
            ["date", "logins", "login_failures", "alerts", "role_changes"],
        ),
        ("sync", "[]", []),
    ],
)
@pytest.mark.parametrize("format_", ["json", "csv", "xlsx", "png"])
async def test_reports_of_the_first_release_are_still_readable(
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    resources: Resources,
    kind: str,
    rows: str,
    columns: list[str],
    format_: str,
) -> None:
    report_id = uuid4()
    insert = (
        "INSERT INTO reports (id, kind, period_from, period_to, rows, totals, created_by) VALUES"
        " (:id, :kind, '2025-01-01', '2025-01-31', CAST(:rows AS jsonb), '{}', gen_random_uuid())"
    )
    async with resources.require_database().session() as session:
        await session.execute(text(insert), {"id": report_id, "kind": kind, "rows": rows})
        await session.commit()
    answer = await client.get(
        f"/reports/{report_id}", params={"format": format_}, headers=auth_headers(role=Role.ADMIN)
    )
    assert answer.status_code == 200
    if format_ == "json":
        assert answer.json()["columns"] == columns
    elif format_ == "csv":
        assert answer.text.splitlines()[0] == ",".join(columns)


async def test_what_is_no_id_leads_nowhere(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for method in ("GET", "DELETE"):
        for path, status in (("/reports/none", 404), ("/reports/generate", 405)):
            answer = await client.request(method, path, headers=auth_headers())
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
