"""Reports."""

import asyncio
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from prometheus_client import Counter

from analytics.counting import MAX_ROWS, Scope, TooManyRowsError
from analytics.csv_export import to_csv
from analytics.documents import columns_of, make_document, notes_of, title_of
from analytics.localization import Language
from analytics.models import Report
from analytics.period import Group
from analytics.renderer import Renderer
from analytics.report_store import delete_report, find_report, keep_report, list_reports
from analytics.reports import REPORTS, ReportKind
from analytics.schemas import Format, ReportRequest, ReportSummary, ReportView
from analytics.scopes import permitted_user
from analytics.settings import Settings
from analytics.tables import Table, make_table, unpriced_models
from assistants_common.auth import CurrentUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep, SessionDep

REPORTS_GENERATED = Counter("analytics_reports_generated_total", "Reports made.", ["kind", "format"])
REPORT_ID_HEADER = "X-Report-Id"

router = APIRouter(prefix="/reports", tags=["reports"])

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ID_HEADER = {
    REPORT_ID_HEADER: {"description": "The id of the report.", "schema": {"type": "string", "format": "uuid"}}
}
_LOCATION = {
    "Location": {
        "description": "Where the report can be fetched again, relative to this address.",
        "schema": {"type": "string"},
    }
}
_CONTENT = {
    "text/csv": {
        "schema": {"type": "string"},
        "example": "date,provider,model,ai_requests,prompt_tokens,completion_tokens,cost\r\n"
        "2025-01-01,openai,gpt-4,2,1000,500,0.06\r\n",
    },
    MEDIA_TYPES["xlsx"]: _BINARY,
    MEDIA_TYPES["png"]: _BINARY,
}


def _file_response(status: int, headers: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    description = "The report, in the format asked for"
    return {status: {"description": description, "headers": headers, "content": _CONTENT}}


ReportId = Annotated[UUID, Path(description="As in X-Report-Id, or in the list.")]
Wanted = Annotated[Format | None, Query(description="Default: the one the report was asked for in.")]
WantedLanguage = Annotated[Language | None, Query(description="Default: the report's.")]
_NO_SUCH_REPORT = "There is no such report, or it is not yours."


@router.post(
    "/generate",
    status_code=201,
    response_model=ReportView,
    responses=_file_response(201, {**_ID_HEADER, **_LOCATION}),
    summary="Make a report on a period of days, and keep it",
    description="Users get reports on themselves, analysts and administrators on everybody or on one user.",
)
async def generate(
    body: ReportRequest, caller: CurrentUser, session: SessionDep, resources: ResourcesDep, request: Request
) -> Response:
    settings = cast(Settings, resources.settings)
    user_id = permitted_user(caller, body.user_id)
    scope = Scope(body.period, body.group, user_id)
    try:
        table = await make_table(
            session, REPORTS[body.kind], scope, settings.token_prices, per_user=body.per_user
        )
    except TooManyRowsError as error:
        detail = (
            f"The report has more than {MAX_ROWS} rows. Choose a shorter period, or longer steps (group)."
        )
        raise ProblemError(422, detail) from error
    report = _report(body, table, scope, caller.user_id, body.language or settings.report_language)
    await keep_report(session, report, settings.reports_per_user)
    await session.commit()
    REPORTS_GENERATED.labels(body.kind.value, body.format).inc()
    response = await _respond(request, report, body.format, body.language or settings.report_language, 201)
    response.headers["Location"] = str(report.id)
    return response


@router.get("", summary="The reports you made, newest first; administrators see everybody's")
async def get_reports(
    caller: CurrentUser,
    session: SessionDep,
    page: PageParamsDep,
    response: Response,
    kind: Annotated[ReportKind | None, Query(description="Only reports of this kind.")] = None,
) -> Page[ReportSummary]:
    response.headers["Cache-Control"] = "no-store"
    return await paginate(session, list_reports(caller, kind), page, _summary)


@router.get(
    "/{report_id:uuid}",
    response_model=ReportView,
    responses=_file_response(200, _ID_HEADER),
    summary="A report as it was when it was made; for its maker and administrators",
)
async def get_report(
    report_id: ReportId,
    caller: CurrentUser,
    session: SessionDep,
    request: Request,
    format: Wanted = None,  # noqa: A002 - the name of the query parameter
    language: WantedLanguage = None,
) -> Response:
    report = await find_report(session, caller, report_id)
    if report is None:
        raise ProblemError(404, _NO_SUCH_REPORT)
    kept_format, kept_language = cast(Format, report.format), cast(Language, report.language)
    return await _respond(request, report, format or kept_format, language or kept_language, 200)


@router.delete(
    "/{report_id:uuid}",
    status_code=204,
    response_class=Response,
    summary="Forget a report; for its maker and administrators",
)
async def remove_report(report_id: ReportId, caller: CurrentUser, session: SessionDep) -> None:
    if not await delete_report(session, caller, report_id):
        raise ProblemError(404, _NO_SUCH_REPORT)
    await session.commit()


def _report(body: ReportRequest, table: Table, scope: Scope, maker: UUID, language: Language) -> Report:
    return Report(
        kind=body.kind.value,
        period_from=scope.period.first,
        period_to=scope.period.last,
        grouping=scope.group.value,
        user_id=scope.user_id,
        title=body.title,
        format=body.format,
        language=language,
        columns=table.columns,
        rows=table.rows,
        totals=table.totals,
        notes=table.notes,
        row_count=len(table.rows),
        created_by=maker,
    )


async def _respond(
    request: Request, report: Report, format_: Format, language: Language, status: int
) -> Response:
    name = f"{report.kind}-{report.period_from}-{report.period_to}.{format_}"
    headers = {
        REPORT_ID_HEADER: str(report.id),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if format_ != "json":
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    content = await _content(request, report, format_, language)
    return Response(content, status, headers, MEDIA_TYPES[format_])


async def _content(request: Request, report: Report, format_: Format, language: Language) -> bytes | str:
    """The file. A thread writes long lists and a process draws, so the event loop stays free."""
    if format_ == "json":
        return await asyncio.to_thread(_json, report, language)
    if format_ == "csv":
        return await asyncio.to_thread(_csv, report)
    renderer: Renderer = request.app.state.renderer
    document = await asyncio.to_thread(make_document, report, language)
    return await renderer.render(format_, document)


def _json(report: Report, language: Language) -> str:
    summary = _summary(report).model_dump()
    view = ReportView(
        **{**summary, "title": title_of(report, language)},
        columns=columns_of(report),
        rows=report.rows,
        totals=report.totals,
        unpriced_models=unpriced_models(report.rows),
        notes=notes_of(report, language),
    )
    return view.model_dump_json(by_alias=True)


def _csv(report: Report) -> str:
    columns = columns_of(report)
    return to_csv(columns, [[row.get(name) for name in columns] for row in report.rows])


def _summary(report: Report) -> ReportSummary:
    language = cast(Language, report.language)
    return ReportSummary(
        id=report.id,
        kind=ReportKind(report.kind),
        title=title_of(report, language),
        first_day=report.period_from,
        last_day=report.period_to,
        group=Group(report.grouping),
        user_id=report.user_id,
        format=cast(Format, report.format),
        language=language,
        row_count=report.row_count,
        created_by=report.created_by,
        created_at=report.created_at,
    )
