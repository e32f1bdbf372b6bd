"""Reports."""

from typing import Annotated

from fastapi import APIRouter, Path

from assistants_common.auth import CurrentUser
from assistants_common.pagination import PageParamsDep
from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from onec_integration import reports
from onec_integration.reports import CompaniesReport, EntityCountsReport, ReportKind, SyncSummaryReport

router = APIRouter(prefix="/reports", tags=["reports"])

_KINDS = ", ".join(f"`{kind}`" for kind in ReportKind)


@router.get("/{report_id}", summary="A report on the synchronized data, computed now")
async def get_report(
    report_id: Annotated[str, Path(description=f"One of {_KINDS}.", examples=[*ReportKind])],
    _caller: CurrentUser,
    params: PageParamsDep,
    session: SessionDep,
) -> CompaniesReport | SyncSummaryReport | EntityCountsReport:
    if report_id not in ReportKind:
        raise ProblemError(404, "There is no such report.")
    return await reports.build(session, ReportKind(report_id), params)
