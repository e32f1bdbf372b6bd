import hashlib
import re
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pytest
from sqlalchemy import text

from analytics.charts import bar_chart, legend
from analytics.dashboards import DASHBOARDS as DEFINITIONS
from analytics.localization import word
from analytics.negotiation import prefers_html
from analytics.prices import DEFAULT_PRICES
from analytics.tables import Chart
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .conftest import AddEvent


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own events."""


@pytest.fixture
def analyst(auth_headers: AuthHeaders) -> dict[str, str]:
    return auth_headers(role=Role.ANALYST)


DASHBOARDS = ["overview", "usage", "cost", "sync", "security"]


@pytest.mark.parametrize("dashboard", DASHBOARDS)
async def test_every_dashboard_has_a_value_for_every_day(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent, dashboard: str
) -> None:
    await add_event("ai.usage", {"model": "gpt-4", "input_tokens": 1000, "output_tokens": 500})
    answer = await client.get(f"/dashboards/{dashboard}", params={"days": 7}, headers=analyst)
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Accept"
    view = answer.json()
    today = datetime.now(UTC).date()
    days = [str(today - timedelta(days=back)) for back in range(6, -1, -1)]
    assert (view["id"], view["from"], view["to"]) == (dashboard, days[0], days[-1])
    assert view["series"]
    for series in view["series"]:
        assert [point["date"] for point in series["points"]] == days
        assert {point["value"] for point in series["points"][:-1]} == {0}


async def test_the_dashboards_are_listed(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    assert (await client.get("/dashboards")).status_code == 401
    headers = auth_headers(role=Role.USER)
    items = (await client.get("/dashboards", headers=headers)).json()["items"]
    assert [item["id"] for item in items] == DASHBOARDS
    russian = (await client.get("/dashboards", params={"language": "ru"}, headers=headers)).json()["items"]
    assert russian[0] == {"id": "overview", "title": "Обзор"}


async def test_costs_by_model(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    for number in range(9):
        data = {"model": f"own-{number}", "input_tokens": 10 * (number + 1)}
        await add_event("ai.usage", data)
    await add_event("ai.usage", {"model": "gpt-4", "input_tokens": 1000, "output_tokens": 500})
    view = (await client.get("/dashboards/cost", params={"days": 1}, headers=analyst)).json()
    values = {series["name"]: series["points"][0]["value"] for series in view["series"]}
    assert values["cost:gpt-4"] == 0.06
    assert [name for name in values if name.startswith("cost")] == ["cost:gpt-4"]
    assert (view["totals"]["cost"], view["totals"]["ai_requests_without_price"]) == (0.06, 9)
    assert view["unpriced_models"] == [f"own-{number}" for number in range(9)]
    assert len(view["notes"]) == 2


async def test_the_smallest_parts_are_put_together(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    models = ["gpt-4", "gpt-4o", "o3", "o4-mini", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1"]
    for model in models:
        await add_event("ai.usage", {"model": model, "input_tokens": 1_000_000})
    view = (await client.get("/dashboards/cost", params={"days": 1}, headers=analyst)).json()
    costs = [
        (series["name"], series["points"][0]["value"])
        for series in view["series"]
        if series["name"].startswith("cost")
    ]
    names = ["gpt-4", "gpt-4o", "gpt-4.1", "o3", "gpt-5", "o4-mini", ""]
    assert [name for name, _ in costs] == [f"cost:{name}" for name in names]
    assert costs[-1][1] == pytest.approx(0.3)
    assert sum(value for _, value in costs) == pytest.approx(view["totals"]["cost"])


async def test_long_spans_are_shown_by_weeks(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event("user.login")
    cases: list[tuple[dict[str, str | int], str, int, int]] = [
        ({"days": 92}, "day", 92, 92),
        ({"days": 93}, "week", 14, 15),
        ({"days": 366}, "week", 53, 54),
        ({"days": 366, "group": "day"}, "day", 366, 366),
        ({"days": 366, "group": "month"}, "month", 13, 13),
    ]
    for query, group, least, most in cases:
        view = (await client.get("/dashboards/overview", params=query, headers=analyst)).json()
        points = view["series"][0]["points"]
        assert (view["group"], least <= len(points) <= most) == (group, True)
        assert points[0]["date"] == view["from"]
        logins = next(series for series in view["series"] if series["name"] == "logins")
        assert sum(point["value"] for point in logins["points"]) == 1


async def test_a_user_who_comes_every_day_is_one_user(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    user, now = uuid4(), datetime.now(UTC)
    for back in (0, 1, 2):
        await add_event("user.login", time=now - timedelta(days=back), user_id=user)
    await add_event("user.registered", user_id=uuid4())
    await add_event("ai.usage", user_id=user)
    view = (await client.get("/dashboards/overview", params={"days": 3}, headers=analyst)).json()
    values = {series["name"]: [point["value"] for point in series["points"]] for series in view["series"]}
    assert values["active_users"] == [1, 1, 2]
    assert values["logins"] == [1, 1, 1]
    totals = view["totals"]
    assert (totals["active_users"], totals["logins"], totals["ai_requests"]) == (2, 3, 1)


async def test_html_needs_nothing_from_elsewhere(
    client: httpx.AsyncClient, analyst: dict[str, str], add_event: AddEvent
) -> None:
    await add_event(
        "ai.usage", {"model": "<script>alert(1)</script>", "input_tokens": 1234, "output_tokens": 56}
    )
    await add_event("ai.usage", {"model": "gpt-4", "input_tokens": 1})
    headers = {**analyst, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = await client.get("/dashboards/cost", headers=headers)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert page.count("<svg") == 3
    assert "<dd>1,235</dd>" in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"<[^>]*\s(src|href|style|on\w+)=", page)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "url(" not in style
    assert "@import" not in style
    assert (await client.get("/dashboards/cost", headers=headers)).text == page


@pytest.mark.parametrize("dashboard", DASHBOARDS)
@pytest.mark.parametrize("query", [{"days": 92}, {"days": 366}, {"days": 366, "group": "day"}])
async def test_a_full_page_is_small(
    client: httpx.AsyncClient,
    analyst: dict[str, str],
    resources: Resources,
    dashboard: str,
    query: dict[str, str | int],
) -> None:
    """With events of every type and twelve models on every day, far more than a page has room for."""
    fill = (
        "INSERT INTO events_seen (id, type, source, time, user_id, data)"
        " SELECT gen_random_uuid(), type, 'test', now() - day * interval '1 day', gen_random_uuid(),"
        " jsonb_build_object('model', model, 'input_tokens', 1000 * model_number + day, 'output_tokens', day,"
        " 'rows_read', 7 * day)"
        " FROM generate_series(0, 365) AS day, unnest(CAST(:types AS text[])) AS type,"
        " unnest(CAST(:models AS text[])) WITH ORDINALITY AS models (model, model_number)"
        " WHERE type = 'ai.usage' OR model_number = 1"
    )
    types = sorted({type_ for measure in DEFINITIONS[dashboard].measures for type_ in measure.types})
    models = sorted(DEFAULT_PRICES)[:12]
    async with resources.require_database().session() as session:
        await session.execute(text(fill), {"types": types, "models": models})
        await session.commit()
    headers = {**analyst, "Accept": "text/html"}
    answer = await client.get(f"/dashboards/{dashboard}", params=query | {"language": "ru"}, headers=headers)
    assert answer.status_code == 200
    assert len(answer.content) <= 200_000
    for drawn in re.findall(r"<svg.*?</svg>", answer.text, re.DOTALL):
        ElementTree.fromstring(drawn)  # noqa: S314 - our own text


async def test_a_page_without_events_says_so(client: httpx.AsyncClient, analyst: dict[str, str]) -> None:
    headers = {**analyst, "Accept": "text/html"}
    answer = await client.get("/dashboards/sync", params={"language": "ru"}, headers=headers)
    assert answer.text.count(word("no_data", "ru")) == 3
    assert '<html lang="ru">' in answer.text


def make_chart(*series: tuple[str, list[float]]) -> Chart:
    first = date(2025, 1, 1)
    steps = [(first + timedelta(number)).isoformat() for number in range(len(series[0][1]))]
    return {
        "name": "x",
        "title": '<b>"&',
        "x_label": "day",
        "y_label": "requests",
        "steps": steps,
        "series": [{"name": label, "label": label, "values": values} for label, values in series],
    }


def test_text_is_escaped_and_charts_are_well_formed() -> None:
    chart = make_chart(("<i>", [0, 1000]), ("two", [0, 234]))
    drawn = ElementTree.fromstring(bar_chart(chart, "en"))  # noqa: S314 - our own text
    assert drawn.get("aria-label") == '<b>"&, 2025-01-01 \N{EN DASH} 2025-01-02, ≤ 1,234 requests'
    assert [title.text for title in drawn.iter("title")] == ["2025-01-02\n<i>: 1,000\ntwo: 234"]
    lower, upper = (path.get("d") for path in drawn.findall("path"))
    height = 194 * 1000 / 1500
    assert lower == f"M379.9 204v-{height:.1f}h231.2V204z"
    assert upper == f"M379.9 {204 - height:.1f}v-{194 * 234 / 1500:.1f}h231.2V{204 - height:.1f}z"
    assert [label.text for label in drawn.findall("text")] == [
        *("0", "500", "1,000", "1,500"),
        *("01 Jan", "02 Jan"),
    ]
    assert legend(chart) == '<ul><li class="s0">&lt;i&gt;</li><li class="s1">two</li></ul>'
    assert legend(make_chart(("one", [1]))) == ""


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0, ["0", "1"]),
        (1, ["0", "1"]),
        (3, ["0", "1", "2", "3"]),
        (9, ["0", "5", "10"]),
        (0.003, ["0", "0.001", "0.002", "0.003"]),
        (7.3, ["0", "2", "4", "6", "8"]),
        (20_000, ["0", "5 k", "10 k", "15 k", "20 k"]),
        (9e9, ["0", "2.5 G", "5 G", "7.5 G", "10 G"]),
    ],
)
def test_scales_are_round(highest: float, labels: list[str]) -> None:
    drawn = ElementTree.fromstring(bar_chart(make_chart(("x", [highest])), "en"))  # noqa: S314 - our own text
    assert [label.text for label in drawn.findall("text")][:-1] == labels


async def test_a_user_sees_the_dashboards_of_own_figures(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, add_event: AddEvent
) -> None:
    user = uuid4()
    for who in (user, uuid4(), None):
        await add_event("ai.usage", {"input_tokens": 5}, user_id=who)
    view = (await client.get("/dashboards/usage", headers=auth_headers(user, Role.USER))).json()
    assert (view["user_id"], view["totals"]["ai_requests"]) == (str(user), 1)
    page = await client.get(
        "/dashboards/usage", headers={**auth_headers(user, Role.USER), "Accept": "text/html"}
    )
    assert f"the user {user}" in page.text


async def test_another_users_dashboard_is_refused_to_a_user(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    query = {"user_id": str(uuid4())}
    for dashboard in DASHBOARDS:
        path = f"/dashboards/{dashboard}"
        refused = await client.get(path, params=query, headers=auth_headers(role=Role.USER))
        assert refused.status_code == 403
    for role in (Role.ANALYST, Role.ADMIN):
        shown = await client.get("/dashboards/usage", params=query, headers=auth_headers(role=role))
        assert shown.json()["user_id"] == query["user_id"]


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", True),
        ("TEXT/HTML; q=0.9, application/json;q=0.8", True),
        ("text/html;q=0.8, application/json;q=0.9", False),
        ("text/*", True),
        ("text/html;q=oops, */*", False),
        ("text/html;q=7", False),
        ("text/html;q=0, */*", False),
        ("application/json;q=0.1, */*;q=0.5", True),
    ],
)
def test_accept(accept: str | None, html: bool) -> None:
    assert prefers_html(accept) is html


async def test_dashboards_need_a_token(client: httpx.AsyncClient) -> None:
    for path in ("/dashboards/usage", "/dashboards/none"):
        assert (await client.get(path)).status_code == 401


async def test_unknown_dashboards_and_spans(client: httpx.AsyncClient, analyst: dict[str, str]) -> None:
    missing = await client.get("/dashboards/none", headers=analyst)
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    for days in (0, 367):
        answer = await client.get("/dashboards/usage", params={"days": days}, headers=analyst)
        assert answer.status_code == 422
