"""Computes reports from the synchronized rows."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.pagination import Page, PageParams, paginate
from onec_integration.catalog import COMPANIES, to_company
from onec_integration.models import OneCRecord, Status, SyncEntitySet, SyncJob
from onec_integration.schemas import (
    CompaniesSummary,
    Company,
    EntityCount,
    EntityCountsSummary,
    EntitySetRun,
    SyncSummary,
)


class ReportKind(StrEnum):
    COMPANIES = "companies"
    SYNC_SUMMARY = "sync-summary"
    ENTITY_COUNTS = "entity-counts"


TITLES = {
    ReportKind.COMPANIES: "The companies of the base",
    ReportKind.SYNC_SUMMARY: "How the latest synchronizations went",
    ReportKind.ENTITY_COUNTS: "How many rows of each entity set are stored",
}


class _Report(BaseModel):
    generated_at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class CompaniesReport(_Report):
    id: Literal[ReportKind.COMPANIES] = ReportKind.COMPANIES
    summary: CompaniesSummary
    rows: Page[Company]


class SyncSummaryReport(_Report):
    id: Literal[ReportKind.SYNC_SUMMARY] = ReportKind.SYNC_SUMMARY
    summary: SyncSummary
    rows: Page[EntitySetRun]


class EntityCountsReport(_Report):
    id: Literal[ReportKind.ENTITY_COUNTS] = ReportKind.ENTITY_COUNTS
    summary: EntityCountsSummary
    rows: Page[EntityCount]


type Report = CompaniesReport | SyncSummaryReport | EntityCountsReport


async def build(session: AsyncSession, kind: ReportKind, params: PageParams) -> Report:
    match kind:
        case ReportKind.COMPANIES:
            return await _companies(session, params)
        case ReportKind.SYNC_SUMMARY:
            return await _sync_summary(session, params)
        case ReportKind.ENTITY_COUNTS:
            return await _entity_counts(session, params)


_PRESENT = OneCRecord.missing_since.is_(None)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(*conditions)


def _marked_deleted() -> ColumnElement[int]:
    return _count(_PRESENT, OneCRecord.data["DeletionMark"].astext == "true")


async def _companies(session: AsyncSession, params: PageParams) -> CompaniesReport:
    of_companies = OneCRecord.entity_set == COMPANIES
    totals = (
        await session.execute(
            select(
                _count(_PRESENT),
                _marked_deleted(),
                _count(~_PRESENT),
                func.min(OneCRecord.synced_at).filter(_PRESENT),
                func.max(OneCRecord.synced_at).filter(_PRESENT),
            ).where(of_companies)
        )
    ).one()
    name = OneCRecord.data["Description"].astext
    statement = select(OneCRecord).where(of_companies, _PRESENT).order_by(name, OneCRecord.ref_key)
    return CompaniesReport(
        summary=CompaniesSummary(
            records=totals[0],
            marked_deleted=totals[1],
            missing=totals[2],
            oldest_synced_at=totals[3],
            last_synced_at=totals[4],
        ),
        rows=await paginate(session, statement, params, lambda record: to_company(record.data)),
    )


async def _sync_summary(session: AsyncSession, params: PageParams) -> SyncSummaryReport:
    statement = select(SyncJob.status, func.count(), func.max(SyncJob.finished_at)).group_by(SyncJob.status)
    rows = (await session.execute(statement)).all()
    counts = {status: count for status, count, _ in rows}
    latest = {status: finished_at for status, _, finished_at in rows}
    return SyncSummaryReport(
        summary=SyncSummary(
            **{status.value: counts.get(status.value, 0) for status in Status},
            last_completed_at=latest.get(Status.COMPLETED.value),
            last_failed_at=latest.get(Status.FAILED.value),
        ),
        rows=await _latest_runs(session, params),
    )


async def _latest_runs(session: AsyncSession, params: PageParams) -> Page[EntitySetRun]:
    finished = SyncEntitySet.finished_at.is_not(None)
    total = await session.scalar(select(func.count(func.distinct(SyncEntitySet.entity_set))).where(finished))
    statement = (
        select(SyncEntitySet)
        .where(finished)
        .ext(distinct_on(SyncEntitySet.entity_set))
        .order_by(SyncEntitySet.entity_set, SyncEntitySet.finished_at.desc())
        .limit(params.limit)
        .offset(params.offset)
    )
    items = [
        EntitySetRun.model_validate(row, from_attributes=True) for row in await session.scalars(statement)
    ]
    return Page(items=items, total=total or 0, limit=params.limit, offset=params.offset)


async def _entity_counts(session: AsyncSession, params: PageParams) -> EntityCountsReport:
    totals = (
        await session.execute(select(func.count(func.distinct(OneCRecord.entity_set)), _count(_PRESENT)))
    ).one()
    statement = (
        select(
            OneCRecord.entity_set,
            _count(_PRESENT).label("records"),
            _marked_deleted().label("marked_deleted"),
            _count(~_PRESENT).label("missing"),
            func.min(OneCRecord.synced_at).label("oldest_synced_at"),
            func.max(OneCRecord.synced_at).label("last_synced_at"),
        )
        .group_by(OneCRecord.entity_set)
        .order_by(OneCRecord.entity_set)
        .limit(params.limit)
        .offset(params.offset)
    )
    rows = (await session.execute(statement)).all()
    items = [EntityCount.model_validate(row, from_attributes=True) for row in rows]
    return EntityCountsReport(
        summary=EntityCountsSummary(entity_sets=totals[0], records=totals[1]),
        rows=Page(items=items, total=totals[0], limit=params.limit, offset=params.offset),
    )
