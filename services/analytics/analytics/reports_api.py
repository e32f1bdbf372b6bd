"""Reports."""

from typing import Any, cast

from fastapi import APIRouter, Response
from prometheus_client import Counter

from analytics.counting import MAX_ROWS, TooManyRowsError
from analytics.csv_export import to_csv
from analytics.models import Report
from analytics.reports import DEFINITIONS, ReportKind, make_report
from analytics.schemas import ReportRequest, ReportView
from analytics.settings import Settings
from assistants_common.auth import AnalystUser
from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep, SessionDep

REPORTS_GENERATED = Counter("analytics_reports_generated_total", "Reports made.", ["kind", "format"])
REPORT_ID_HEADER = "X-Report-Id"

router = APIRouter(prefix="/reports", tags=["reports"])

_CREATED: dict[int | str, dict[str, Any]] = {
    201: {
        "description": "The report, as JSON or as a CSV download of its rows",
        "headers": {
            REPORT_ID_HEADER: {
                "description": "The id of the report.",
                "schema": {"type": "string", "format": "uuid"},
            }
        },
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "date,logins,login_failures,role_changes,alerts\r\n2025-01-01,3,1,0,0\r\n",
            }
        },
    }
}


@router.post(
    "/generate",
    status_code=201,
    response_model=ReportView,
    responses=_CREATED,
    summary="Make a report on a period of days and store it; for analysts and administrators",
)
async def generate(
    body: ReportRequest, caller: AnalystUser, session: SessionDep, resources: ResourcesDep, response: Response
) -> Any:  # noqa: ANN401 - a view, or a response of another media type
    settings = cast(Settings, resources.settings)
    period = body.period
    try:
        counts = await make_report(session, body.kind, period, settings.token_prices)
    except TooManyRowsError as error:
        raise ProblemError(
            422, f"The report has more than {MAX_ROWS} rows. Choose a shorter period."
        ) from error
    report = Report(
        kind=body.kind.value,
        period_from=period.first,
        period_to=period.last,
        rows=counts.rows,
        totals=counts.totals,
        created_by=caller.user_id,
    )
    session.add(report)
    await session.commit()
    await session.refresh(report, ["created_at"])
    REPORTS_GENERATED.labels(body.kind.value, body.format).inc()
    view = _view(report)
    if body.format == "csv":
        return _csv_response(view)
    response.headers[REPORT_ID_HEADER] = str(report.id)
    response.headers["Cache-Control"] = "no-store"
    return view


def _view(report: Report) -> ReportView:
    kind = ReportKind(report.kind)
    return ReportView(
        id=report.id,
        kind=kind,
        first_day=report.period_from,
        last_day=report.period_to,
        created_by=report.created_by,
        created_at=report.created_at,
        columns=DEFINITIONS[kind].columns,
        rows=report.rows,
        totals=report.totals,
    )


def _csv_response(view: ReportView) -> Response:
    name = f"{view.kind}-{view.first_day}-{view.last_day}.csv"
    return Response(
        to_csv(view.columns, view.rows),
        201,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            REPORT_ID_HEADER: str(view.id),
            "Cache-Control": "no-store",
        },
    )
