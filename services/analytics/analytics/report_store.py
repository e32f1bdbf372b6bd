"""Stores reports, and limits access to them."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from analytics.models import Report
from analytics.reports import ReportKind
from assistants_common.tokens import Principal, Role


def _visible_to(caller: Principal) -> ColumnElement[bool]:
    """Administrators see all reports, others their own; users only reports on their own figures."""
    if caller.role is Role.ADMIN:
        return true()
    own = Report.created_by == caller.user_id
    return own if caller.role is Role.ANALYST else and_(own, Report.user_id == caller.user_id)


def list_reports(caller: Principal, kind: ReportKind | None) -> Select[Report]:
    statement = select(Report).where(_visible_to(caller)).order_by(Report.created_at.desc(), Report.id)
    return statement if kind is None else statement.where(Report.kind == kind.value)


async def find_report(session: AsyncSession, caller: Principal, report_id: UUID) -> Report | None:
    """A report with its rows."""
    statement = select(Report).where(Report.id == report_id, _visible_to(caller))
    return await session.scalar(statement.options(undefer(Report.rows)))


async def delete_report(session: AsyncSession, caller: Principal, report_id: UUID) -> bool:
    statement = delete(Report).where(Report.id == report_id, _visible_to(caller)).returning(Report.id)
    return await session.scalar(statement) is not None


async def keep_report(session: AsyncSession, report: Report, most: int) -> None:
    """Add a report; deletes its author's oldest reports beyond `most`."""
    session.add(report)
    await session.flush()
    await session.refresh(report, ["created_at"])
    newest_first = (Report.created_at.desc(), Report.id)
    surplus = (
        select(Report.id).where(Report.created_by == report.created_by).order_by(*newest_first).offset(most)
    )
    await session.execute(delete(Report).where(Report.id.in_(surplus)))
