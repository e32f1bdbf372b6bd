import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.orm import undefer

from analytics import counting
from analytics.csv_export import to_csv
from analytics.models import Report
from analytics.prices import DEFAULT_PRICES_DATE, DEFAULT_PRICES_SOURCE
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
        stored = await session.get(Report, UUID(report["id"]), options=[undefer(Report.rows)])
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
    assert [(row["date"], row["model"], row["cost"]) for row in report["rows"]] == [
        ("2025-01-01", "gpt-4", 0.06),
        ("2025-01-02", "gpt-4-0613", 0.00003),
        ("2025-01-02", "homemade", None),
    ]
    assert report["unpriced_models"] == ["homemade"]
    totals = report["totals"]
    assert (totals["cost"], totals["currency"]) == (0.06003, "USD")
    assert (totals["ai_requests"], totals["ai_requests_without_price"]) == (3, 1)
    listed, unpriced = report["notes"]
    assert f"list prices as of {DEFAULT_PRICES_DATE}" in listed
    assert DEFAULT_PRICES_SOURCE in listed
    assert unpriced == "Without a price, and so not in the cost: homemade."


async def test_synchronizations(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("onec.sync_completed", {"entity_sets": 3, "rows_read": 40}, time="2025-01-01T12:00Z")
    await add_event(
        "onec.sync_completed", {"entity_sets": ["A", "B"], "rows_read": 2}, time="2025-01-01T13:00Z"
    )
    await add_event("onec.sync_failed", {"rows_read": 1000}, time="2025-01-03T12:00Z")
    await add_event("onec.report_read", {"report": "sales", "rows": 7}, time="2025-01-03T12:00Z")
    report = (await generate(client, analyst, kind="sync")).json()
    cells = [[row[column] for column in report["columns"]] for row in report["rows"]]
    assert cells == [["2025-01-01", 2, 0, 5, 42, 0], ["2025-01-03", 0, 1, 0, 0, 1]]


async def test_security(client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent) -> None:
    counted = {
        "user.login": "logins",
        "user.login_failed": "login_failures",
        "user.locked": "lockouts",
        "security.alert": "alerts",
        "user.token_reused": "token_reuses",
        "ai.prompt_flagged": "prompts_flagged",
        "gateway.rate_limited": "rate_limited",
        "gateway.enumeration": "enumerations",
        "user.role_changed": "role_changes",
        "user.password_changed": "password_changes",
    }
    for times, type_ in enumerate(counted, start=1):
        for _ in range(times):
            await add_event(type_, {"address": "192.0.2.1"}, time="2025-01-01T12:00Z")
    await add_event("user.unheard_of", time="2025-01-01T12:00Z")
    report = (await generate(client, analyst, kind="security")).json()
    counts = {name: times for times, name in enumerate(counted.values(), start=1)}
    assert report["rows"] == [{"date": "2025-01-01", **counts}]
    assert report["totals"] == counts


@pytest.mark.parametrize(
    ("group", "dates"),
    [
        ("day", ["2025-01-01", "2025-01-05", "2025-01-06", "2025-01-31"]),
        ("week", ["2025-01-01", "2025-01-06", "2025-01-27"]),
        ("month", ["2025-01-01"]),
    ],
)
async def test_steps_begin_within_the_period(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent, group: str, dates: list[str]
) -> None:
    for day in ("01", "05", "06", "31"):
        await add_event("user.login", time=f"2025-01-{day}T23:59:59Z")
    report = (await generate(client, analyst, kind="security", group=group)).json()
    assert (report["group"], [row["date"] for row in report["rows"]]) == (group, dates)
    assert sum(row["logins"] for row in report["rows"]) == 4


async def test_late_and_disordered_events_count_on_their_own_day(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("user.login", time="2025-01-03T12:00Z")
    before = (await generate(client, analyst, kind="security")).json()
    for late in ("2025-01-02T23:59:59+00:00", "2025-01-03T02:00:00+03:00", "2025-01-01T00:00:00Z"):
        await add_event("user.login", time=late)
    after = (await generate(client, analyst, kind="security")).json()
    assert [(row["date"], row["logins"]) for row in before["rows"]] == [("2025-01-03", 1)]
    assert [(row["date"], row["logins"]) for row in after["rows"]] == [
        ("2025-01-01", 1),
        ("2025-01-02", 2),
        ("2025-01-03", 1),
    ]


async def test_rows_for_each_user(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    first, second = sorted((uuid4(), uuid4()), key=str)
    for user, tokens in ((first, 10), (second, 1), (second, 2), (None, 4)):
        await add_event("ai.usage", usage("gpt-4", tokens, 0), time="2025-01-01T12:00Z", user_id=user)
    report = (await generate(client, analyst, kind="usage", per_user=True)).json()
    assert report["columns"][:4] == ["date", "provider", "model", "user_id"]
    rows = [(row["user_id"], row["prompt_tokens"]) for row in report["rows"]]
    assert rows == [(str(first), 10), (str(second), 3), ("unknown", 4)]


async def test_a_user_sees_own_figures_only(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, add_event: AddEvent
) -> None:
    user, other = uuid4(), uuid4()
    for who, tokens in ((user, 1), (other, 10), (None, 100)):
        await add_event("ai.usage", usage("gpt-4", tokens, 0), time="2025-01-01T12:00Z", user_id=who)
    headers = auth_headers(user, Role.USER)
    for body in ({}, {"user_id": str(user)}):
        report = (await generate(client, headers, kind="cost", **body)).json()
        assert report["user_id"] == str(user)
        assert (report["totals"]["ai_requests"], report["totals"]["prompt_tokens"]) == (1, 1)


async def test_another_users_figures_are_refused_to_a_user(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    answer = await generate(client, auth_headers(role=Role.USER), kind="usage", user_id=str(uuid4()))
    assert answer.status_code == 403


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMIN])
async def test_analysts_and_administrators_see_everybody_or_one_user(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, add_event: AddEvent, role: Role
) -> None:
    user = uuid4()
    for who in (user, uuid4()):
        await add_event("user.login", time="2025-01-01T12:00Z", user_id=who)
    headers = auth_headers(role=role)
    everybody = (await generate(client, headers, kind="security")).json()
    one = (await generate(client, headers, kind="security", user_id=str(user))).json()
    assert (everybody["user_id"], everybody["totals"]["logins"]) == (None, 2)
    assert (one["user_id"], one["totals"]["logins"]) == (str(user), 1)


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
    await add_event("ai.usage", usage("Модель", 1, 2), time="2025-01-02T12:00Z")
    answer = await generate(client, analyst, kind="cost", format="csv")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cost-2025-01-01-2025-01-31.csv"'
    assert str(UUID(answer.headers["x-report-id"])) == answer.headers["x-report-id"]
    header, row, russian = csv.reader(io.StringIO(answer.text))
    assert header == ["date", "provider", "model", *header[3:]]
    assert header[3:] == ["ai_requests", "prompt_tokens", "completion_tokens", "cost"]
    assert row == ["2025-01-01", "openai", '\'=SUM(A1),"x"', "1", "1", "2", ""]
    assert russian[2] == "Модель"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1+1", "＝1", "\nx", "\r"])  # noqa: RUF001
def test_no_text_is_a_formula_in_csv(text: str) -> None:
    (cell,) = next(csv.reader(io.StringIO(to_csv([], [[text]]).split("\r\n", 1)[1], newline="")))
    assert cell == f"'{text}"
    assert to_csv(["x"], [["a=b"], [-1], [None]]).splitlines() == ["x", "a=b", "-1", '""']


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
        ({"format": "pdf"}, "format", "'json', 'csv', 'xlsx' or 'png'"),
        ({"group": "year"}, "group", "'day', 'week' or 'month'"),
        ({"user_id": "me"}, "user_id", "valid UUID"),
        ({"title": "a\0b"}, "title", "match pattern"),
        ({"title": " "}, "title", "at least 1 character"),
        ({"title": "x" * 121}, "title", "at most 120 characters"),
        ({"language": "de"}, "language", "'en' or 'ru'"),
        ({"kind": "gossip"}, "kind", "'usage', 'cost', 'sync' or 'security'"),
        ({"from": "2025-02-01"}, "body", "ends before it begins"),
        ({"from": "2023-01-01"}, "body", "longer than 366 days"),
        ({"to": "9999-12-31"}, "to", "less than or equal to"),
        ({"from": "yesterday"}, "from", "valid date"),
        ({"from": 1735689600}, "from", "valid date"),
        ({"to": "2025-01-31T00:00:00"}, "to", "valid date"),
        ({"per_user": 1}, "per_user", "valid boolean"),
        ({"until": "2025-01-01"}, "until", "not permitted"),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient,
    analyst: dict[str, str],
    change: dict[str, str | int],
    location: str,
    message: str,
) -> None:
    body: dict[str, str | int] = {"kind": "usage"}
    answer = await generate(client, analyst, **(body | change))
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


async def test_reports_need_a_token(client: httpx.AsyncClient) -> None:
    assert (await generate(client, {}, kind="usage")).status_code == 401


async def test_letters_that_cannot_be_shown_are_replaced(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("ai.usage", usage("a\x01b\uffff\u202ec\u00a0d", 1, 1), time="2025-01-01T12:00Z")
    report = (await generate(client, analyst, kind="usage", title="  x\u202ey ")).json()
    assert report["rows"][0]["model"] == "a\ufffdb\ufffd\ufffdc d"
    assert report["title"] == "x\ufffdy"


async def test_russian_titles_and_notes(client: httpx.AsyncClient, analyst: dict[str, str]) -> None:
    report = (await generate(client, analyst, kind="cost", language="ru")).json()
    assert (report["language"], report["title"]) == ("ru", "Стоимость ИИ")
    assert report["notes"][0].startswith("Цены: публичные прейскуранты")
