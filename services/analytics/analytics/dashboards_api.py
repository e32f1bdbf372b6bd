"""Dashboards."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import HTMLResponse

from analytics import html_page
from analytics.dashboards import make_dashboard
from analytics.negotiation import prefers_html
from analytics.period import DEFAULT_DAYS, MAX_DAYS, Period
from analytics.schemas import DashboardView
from assistants_common.auth import AnalystUser
from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep

router = APIRouter(prefix="/dashboards", tags=["dashboards"])

_OK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The dashboard, as JSON, or as a page with charts when that is preferred",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}
_HEADERS = {"Vary": "Accept", "Cache-Control": "no-store"}

DashboardId = Annotated[str, Path(description="overview, usage or security", examples=["usage"])]
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many days, up to today.")]


@router.get(
    "/{dashboard_id}",
    response_model=DashboardView,
    responses=_OK,
    summary="What happened day by day; for analysts and administrators",
)
async def get_dashboard(
    dashboard_id: DashboardId,
    caller: AnalystUser,  # noqa: ARG001 - asked for its check of the role
    session: SessionDep,
    response: Response,
    days: Days = DEFAULT_DAYS,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Any:  # noqa: ANN401 - a view, or a page
    dashboard = await make_dashboard(session, dashboard_id, Period.latest(days))
    if dashboard is None:
        raise ProblemError(404, "There is no such dashboard.")
    if prefers_html(accept):
        return HTMLResponse(html_page.render(dashboard), headers={**_HEADERS, **html_page.HEADERS})
    response.headers.update(_HEADERS)
    return dashboard
