import hashlib
import re
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pytest

from analytics.charts import bar_chart
from analytics.html_page import render
from analytics.negotiation import prefers_html
from analytics.schemas import DashboardView, Point, SeriesView
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .conftest import AddEvent


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own events."""


@pytest.fixture
def analyst(auth_headers: AuthHeaders) -> dict[str, str]:
    return auth_headers(role=Role.ANALYST)


@pytest.mark.parametrize("dashboard", ["overview", "usage", "security"])
async def test_every_dashboard_has_a_value_for_every_day(
    client: httpx.AsyncClient, analyst: dict[str, str], dashboard: str
) -> None:
    answer = await client.get(f"/dashboards/{dashboard}", params={"days": 7}, headers=analyst)
    assert answer.status_code == 200
    assert answer.headers["vary"] == "Accept"
    view = answer.json()
    today = datetime.now(UTC).date()
    days = [str(today - timedelta(days=back)) for back in range(6, -1, -1)]
    assert (view["id"], view["from"], view["to"]) == (dashboard, days[0], days[-1])
    for series in view["series"]:
        assert [point["date"] for point in series["points"]] == days
        assert view["totals"][series["name"]] == 0


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
    await add_event("ai.usage", {"model": "<script>alert(1)</script>", "input_tokens": 1234})
    headers = {**analyst, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = await client.get("/dashboards/usage", headers=headers)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = answer.text
    assert page.count("<svg") == 4
    assert "1,234" in page
    assert "script" not in page
    assert not re.search(r"\s(src|href|style|on\w+)=", page)
    style = page.split("<style>")[1].split("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy


def test_text_is_escaped_and_charts_are_well_formed() -> None:
    day = date(2025, 1, 1)
    series = SeriesView(
        name="x", label='<b>"&', points=[Point(date=day, value=0), Point(date=day + timedelta(1), value=1234)]
    )
    chart = ElementTree.fromstring(bar_chart(series))  # noqa: S314 - our own text
    assert chart.get("aria-label") == '<b>"& by day, 2025-01-01 to 2025-01-02, at most 1234'
    bars = chart.findall("rect")
    assert [bar.findtext("title") for bar in bars] == ["2025-01-02: 1,234"]
    assert [(bar.get("y"), bar.get("height")) for bar in bars] == [("20.00", "120.00")]
    view = DashboardView(
        id="x", title="<i>", first_day=day, last_day=day, series=[series], totals={"x": 1234}
    )
    page = render(view)
    assert "<i>" not in page
    assert "<b>" not in page


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


async def test_dashboards_are_for_analysts_and_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    for path in ("/dashboards/usage", "/dashboards/none"):
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers=auth_headers(role=Role.USER))).status_code == 403
    assert (await client.get("/dashboards/usage", headers=auth_headers(role=Role.ADMIN))).status_code == 200


async def test_unknown_dashboards_and_spans(client: httpx.AsyncClient, analyst: dict[str, str]) -> None:
    missing = await client.get("/dashboards/none", headers=analyst)
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    for days in (0, 367):
        answer = await client.get("/dashboards/usage", params={"days": days}, headers=analyst)
        assert answer.status_code == 422
