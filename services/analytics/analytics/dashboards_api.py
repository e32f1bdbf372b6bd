"""Dashboards."""

import asyncio
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import HTMLResponse

from analytics import html_page
from analytics.counting import Scope
from analytics.dashboards import DASHBOARDS, readable_group
from analytics.localization import Language, word
from analytics.negotiation import prefers_html
from analytics.period import DEFAULT_DAYS, MAX_DAYS, Group, Period
from analytics.schemas import DashboardList, DashboardSummary, DashboardView, Point, SeriesView
from analytics.scopes import permitted_user
from analytics.settings import Settings
from analytics.tables import Chart, Table, make_charts, make_table, note_text, numbers, unpriced_models
from assistants_common.auth import CurrentUser
from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep, SessionDep

router = APIRouter(prefix="/dashboards", tags=["dashboards"])

_OK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The dashboard, as JSON, or as a page with charts when that is preferred",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}
_HEADERS = {"Vary": "Accept", "Cache-Control": "no-store"}

DashboardId = Annotated[
    str,
    Path(
        description=", ".join(DASHBOARDS), min_length=1, max_length=32, pattern="^[a-z]+$", examples=["usage"]
    ),
]
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many days, up to today.")]
Steps = Annotated[
    Group | None,
    Query(description="What a bar stands for. Default: a day, or a week when there are many days."),
]
UserId = Annotated[
    UUID | None,
    Query(description="Whose figures. Default: everybody's for analysts and administrators, else your own."),
]
WantedLanguage = Annotated[Language | None, Query(description="Of titles and labels.")]


@router.get("", summary="The dashboards there are")
async def list_dashboards(
    caller: CurrentUser,  # noqa: ARG001 - asked for its check of the token
    resources: ResourcesDep,
    language: WantedLanguage = None,
) -> DashboardList:
    chosen = language or cast(Settings, resources.settings).report_language
    items = [DashboardSummary(id=name, title=word(f"dashboard.{name}", chosen)) for name in DASHBOARDS]
    return DashboardList(items=items)


@router.get(
    "/{dashboard_id}",
    response_model=DashboardView,
    responses=_OK,
    summary="What happened day by day: your own figures, or for analysts and administrators the platform's",
)
async def get_dashboard(
    dashboard_id: DashboardId,
    caller: CurrentUser,
    session: SessionDep,
    resources: ResourcesDep,
    response: Response,
    days: Days = DEFAULT_DAYS,
    group: Steps = None,
    user_id: UserId = None,
    language: WantedLanguage = None,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Any:  # noqa: ANN401 - a view, or a page
    definition = DASHBOARDS.get(dashboard_id)
    if definition is None:
        raise ProblemError(404, "There is no such dashboard.")
    settings = cast(Settings, resources.settings)
    chosen, period = language or settings.report_language, Period.latest(days)
    scope = Scope(period, group or readable_group(period), permitted_user(caller, user_id))
    table = await make_table(session, definition, scope, settings.token_prices)
    charts = await asyncio.to_thread(make_charts, definition.panels, table.rows, period, scope.group, chosen)
    view = _view(dashboard_id, scope, table, charts, chosen)
    if prefers_html(accept):
        page = await asyncio.to_thread(html_page.render, view, charts, chosen)
        return HTMLResponse(page, headers={**_HEADERS, **html_page.HEADERS})
    response.headers.update(_HEADERS)
    return view


def _view(
    dashboard_id: str, scope: Scope, table: Table, charts: list[Chart], language: Language
) -> DashboardView:
    return DashboardView(
        id=dashboard_id,
        title=word(f"dashboard.{dashboard_id}", language),
        first_day=scope.period.first,
        last_day=scope.period.last,
        group=scope.group,
        user_id=scope.user_id,
        series=[series for chart in charts for series in _series(chart, scope)],
        totals=numbers(table.totals),
        unpriced_models=unpriced_models(table.rows),
        notes=[note_text(note, language) for note in table.notes],
    )


def _series(chart: Chart, scope: Scope) -> list[SeriesView]:
    steps = scope.period.steps(scope.group)
    return [
        SeriesView(
            name=series["name"],
            label=series["label"],
            panel=chart["name"],
            unit=chart["y_label"],
            points=[
                Point(date=step, value=value) for step, value in zip(steps, series["values"], strict=True)
            ],
        )
        for series in chart["series"]
    ]
