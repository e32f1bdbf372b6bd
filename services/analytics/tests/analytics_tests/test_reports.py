import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from analytics import counting
from analytics.models import Report
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .conftest import AddEvent

JANUARY = {"from": "2025-01-01", "to": "2025-01-31"}


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own events."""


@pytest.fixture
def analyst(auth_headers: AuthHeaders) -> dict[str, str]:
    return auth_headers(role=Role.ANALYST)


def usage(model: object, prompt: object, completion: object, provider: str = "openai") -> dict[str, Any]:
    return {
        "model": model,
        "provider": provider,
        "input_tokens": prompt,
        "output_tokens": completion,
    }


async def generate(client: httpx.AsyncClient, headers: dict[str, str], **body: object) -> httpx.Response:
    return await client.post("/reports/generate", json=JANUARY | body, headers=headers)


async def test_usage_by_day_and_model(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    user = uuid4()
    await add_event("ai.usage", usage("gpt-4", 10, 5), time="2025-01-01T00:00:00Z", user_id=user)
    await add_event("ai.usage", usage("gpt-4", 1, 2), time="2025-01-01T23:59:59Z", user_id=user)
    await add_event("ai.usage", usage("gpt-4", 7, 0), time="2025-01-31T23:59:59Z", user_id=user)
    await add_event(
        "ai.usage", usage("claude-sonnet-4", 1, 1, "anthropic"), time="2025-01-01T12:00Z", user_id=uuid4()
    )
    for outside in ("2024-12-31T23:59:59Z", "2025-02-01T00:00:00Z"):
        await add_event("ai.usage", usage("gpt-4", 99, 99), time=outside)
    await add_event("user.login", time="2025-01-02T12:00Z")

    answer = await generate(client, analyst, kind="usage")
    assert answer.status_code == 201
    report = answer.json()
    assert (report["kind"], report["from"], report["to"]) == ("usage", "2025-01-01", "2025-01-31")
    cells = [[row[column] for column in report["columns"]] for row in report["rows"]]
    assert cells == [
        ["2025-01-01", "anthropic", "claude-sonnet-4", 1, 1, 1, 1],
        ["2025-01-01", "openai", "gpt-4", 2, 11, 7, 1],
        ["2025-01-31", "openai", "gpt-4", 1, 7, 0, 1],
    ]
    assert report["totals"] == {
        "ai_requests": 4,
        "prompt_tokens": 19,
        "completion_tokens": 8,
        "ai_users": 2,
    }


async def test_a_report_is_stored(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, add_event: AddEvent
) -> None:
    user_id = uuid4()
    await add_event("onec.sync_completed", {"entity_sets": 2, "rows_read": 5}, time="2025-01-05T10:00Z")
    answer = await generate(client, auth_headers(user_id, Role.ADMIN), kind="sync")
    report = answer.json()
    assert answer.headers["x-report-id"] == report["id"]
    assert report["created_by"] == str(user_id)
    async with resources.require_database().session() as session:
        stored = await session.get(Report, UUID(report["id"]))
    assert stored is not None
    assert (stored.kind, stored.created_by) == ("sync", user_id)
    assert (stored.rows, stored.totals) == (report["rows"], report["totals"])
    assert (str(stored.period_from), str(stored.period_to)) == (report["from"], report["to"])


async def test_cost_of_models_with_and_without_a_price(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("ai.usage", usage("gpt-4", 1000, 500), time="2025-01-01T12:00Z")
    await add_event("ai.usage", usage("gpt-4-0613", 1, 0), time="2025-01-02T12:00Z")
    await add_event("ai.usage", usage("homemade", 1000, 1000), time="2025-01-02T12:00Z")
    report = (await generate(client, analyst, kind="cost")).json()
    assert [(row["model"], row["cost"]) for row in report["rows"]] == [
        ("gpt-4", 0.06),
        ("gpt-4-0613", 0.00003),
        ("homemade", None),
    ]
    totals = report["totals"]
    assert (totals["cost"], totals["currency"]) == (0.06003, "USD")
    assert (totals["ai_requests"], totals["ai_requests_without_price"]) == (3, 1)


async def test_synchronisations(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("onec.sync_completed", {"entity_sets": 3, "rows_read": 40}, time="2025-01-01T12:00Z")
    await add_event(
        "onec.sync_completed", {"entity_sets": ["A", "B"], "rows_read": 2}, time="2025-01-01T13:00Z"
    )
    await add_event("onec.sync_failed", {"rows_read": 1000}, time="2025-01-03T12:00Z")
    report = (await generate(client, analyst, kind="sync")).json()
    cells = [[row[column] for column in report["columns"]] for row in report["rows"]]
    assert cells == [["2025-01-01", 2, 0, 5, 42], ["2025-01-03", 0, 1, 0, 0]]


async def test_security(client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent) -> None:
    types = ["user.login", "user.login_failed", "user.login_failed", "user.role_changed", "security.alert"]
    for type_ in types:
        await add_event(type_, time="2025-01-01T12:00Z")
    report = (await generate(client, analyst, kind="security")).json()
    counts = {"logins": 1, "login_failures": 2, "role_changes": 1, "alerts": 1}
    assert report["rows"] == [{"date": "2025-01-01", **counts}]
    assert report["totals"] == counts


@pytest.mark.parametrize("number", ["12", None, {"a": 1}, -5, True])
async def test_what_is_no_number_counts_as_nothing(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent, number: object
) -> None:
    await add_event("ai.usage", usage(None, number, 2.9), time="2025-01-01T12:00Z")
    row = (await generate(client, analyst, kind="usage")).json()["rows"][0]
    assert (row["model"], row["prompt_tokens"], row["completion_tokens"]) == ("unknown", 0, 2)


async def test_a_report_without_events_is_empty(client: httpx.AsyncClient, analyst: dict[str, str]) -> None:
    for kind in ("usage", "cost", "sync", "security"):
        answer = await generate(client, analyst, kind=kind)
        assert answer.status_code == 201
        assert answer.json()["rows"] == []
        assert not any(value for value in answer.json()["totals"].values() if value != "USD")


async def test_csv_download(client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent) -> None:
    await add_event("ai.usage", usage('=SUM(A1),"x"', 1, 2), time="2025-01-01T12:00Z")
    answer = await generate(client, analyst, kind="cost", format="csv")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cost-2025-01-01-2025-01-31.csv"'
    assert str(UUID(answer.headers["x-report-id"])) == answer.headers["x-report-id"]
    header, row = csv.reader(io.StringIO(answer.text))
    assert header == ["provider", "model", "ai_requests", "prompt_tokens", "completion_tokens", "cost"]
    assert row == ["openai", '\'=SUM(A1),"x"', "1", "1", "2", ""]


async def test_the_period_is_the_last_thirty_days_unless_said(
    client: httpx.AsyncClient, analyst: dict[str, str]
) -> None:
    today = datetime.now(UTC).date()
    answer = await client.post("/reports/generate", json={"kind": "usage"}, headers=analyst)
    report = answer.json()
    assert (report["from"], report["to"]) == (str(today - timedelta(days=29)), str(today))


@pytest.mark.parametrize(
    ("change", "location", "message"),
    [
        ({"format": "xlsx"}, "format", "'json' or 'csv'"),
        ({"kind": "gossip"}, "kind", "'usage', 'cost', 'sync' or 'security'"),
        ({"from": "2025-02-01"}, "body", "ends before it begins"),
        ({"from": "2023-01-01"}, "body", "longer than 366 days"),
        ({"to": "9999-12-31"}, "to", "less than or equal to"),
        ({"from": "yesterday"}, "from", "valid date"),
        ({"until": "2025-01-01"}, "until", "not permitted"),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient, analyst: dict[str, str], change: dict[str, str], location: str, message: str
) -> None:
    answer = await generate(client, analyst, **({"kind": "usage"} | change))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    error = answer.json()["errors"][0]
    assert error["location"][-1] == location
    assert message in error["message"]


async def test_a_report_with_too_many_rows_is_refused(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MAX_ROWS", 1)
    for day in (1, 2, 3):
        await add_event("user.login", time=f"2025-01-0{day}T12:00Z")
    answer = await generate(client, analyst, kind="security")
    assert answer.status_code == 422
    assert "shorter period" in answer.json()["detail"]


async def test_reports_are_for_analysts_and_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    assert (await generate(client, {}, kind="usage")).status_code == 401
    assert (await generate(client, auth_headers(role=Role.USER), kind="usage")).status_code == 403
    assert (await generate(client, auth_headers(role=Role.ADMIN), kind="usage")).status_code == 201
