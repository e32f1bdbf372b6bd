"""Reports."""

from typing import Annotated

from fastapi import APIRouter, Path

from assistants_common.auth import CurrentUser
from assistants_common.outbox import record_event
from assistants_common.pagination import PageParamsDep
from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from onec_integration import NAME, reports
from onec_integration.reports import (
    TITLES,
    CompaniesReport,
    EntityCountsReport,
    ReportKind,
    SyncSummaryReport,
)
from onec_integration.schemas import ReportDescription, ReportList

router = APIRouter(prefix="/reports", tags=["reports"])

_KINDS = ", ".join(f"`{kind}`" for kind in ReportKind)


@router.get("", summary="The reports there are")
async def list_reports(_caller: CurrentUser) -> ReportList:
    return ReportList(items=[ReportDescription(id=kind, title=title) for kind, title in TITLES.items()])


@router.get("/{report_id}", summary="A report on the synchronized data, computed now")
async def get_report(
    report_id: Annotated[str, Path(description=f"One of {_KINDS}.", examples=[*ReportKind], max_length=100)],
    caller: CurrentUser,
    params: PageParamsDep,
    session: SessionDep,
) -> CompaniesReport | SyncSummaryReport | EntityCountsReport:
    if report_id not in ReportKind:
        raise ProblemError(404, "There is no such report.")
    report = await reports.build(session, ReportKind(report_id), params)
    data = {"report": report_id, "rows": len(report.rows.items)}
    await record_event(session, NAME, "onec.report_read", data, caller.user_id)
    await session.commit()
    return report
