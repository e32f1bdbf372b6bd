"""Synchronization jobs in the database: orders, leases, progress."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from assistants_common.tokens import Principal, Role
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.schemas import SyncRequest

MAX_OPEN_JOBS = 10
OPEN = (Status.QUEUED.value, Status.RUNNING.value)


class LeaseLostError(Exception):
    """Another process works on the job now."""


@dataclass(frozen=True)
class Lease:
    job_id: UUID
    token: UUID
    seconds: float


async def add(session: AsyncSession, user_id: UUID, order: SyncRequest) -> SyncJob:
    await _check_open_jobs(session, user_id)
    job = SyncJob(requested_by=user_id, documents_since=order.documents_since)
    job.entity_sets = [
        SyncEntitySet(entity_set=name, position=position) for position, name in enumerate(order.entity_sets)
    ]
    session.add(job)
    await session.commit()
    return job


async def _check_open_jobs(session: AsyncSession, user_id: UUID) -> None:
    statement = select(func.count()).where(SyncJob.requested_by == user_id, SyncJob.status.in_(OPEN))
    if (await session.scalar(statement) or 0) >= MAX_OPEN_JOBS:
        detail = f"You have {MAX_OPEN_JOBS} synchronizations under way already."
        raise ProblemError(429, detail, headers={"Retry-After": "60"})


async def get(session: AsyncSession, caller: Principal, job_id: UUID, *, lock: bool = False) -> SyncJob:
    """A job of the caller's, or anyone's for an administrator."""
    job = await session.get(SyncJob, job_id, with_for_update=lock or None)
    if job is None or (job.requested_by != caller.user_id and caller.role is not Role.ADMIN):
        raise ProblemError(404, "There is no such synchronization.")
    return job


async def resume(session: AsyncSession, caller: Principal, job_id: UUID) -> SyncJob:
    """Put a failed job in the queue again; what was read stays read."""
    job = await get(session, caller, job_id, lock=True)
    if job.status != Status.FAILED.value:
        raise ProblemError(409, f"Only a failed synchronization can be resumed; this one is {job.status}.")
    await _check_open_jobs(session, job.requested_by)
    job.status, job.finished_at, job.attempts = Status.QUEUED.value, None, 0
    for progress in job.entity_sets:
        if progress.status != Status.COMPLETED.value:
            progress.status, progress.error, progress.finished_at = Status.QUEUED.value, None, None
    await session.commit()
    return job


async def claim(session: AsyncSession, seconds: float) -> Lease | None:
    """Take the oldest job nobody works on: a new one, or one whose process went away."""
    free = or_(SyncJob.lease_until.is_(None), SyncJob.lease_until < func.now())
    oldest = (
        select(SyncJob.id)
        .where(SyncJob.status.in_(OPEN), free)
        .order_by(SyncJob.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    lease = Lease(UUID(int=0), uuid4(), seconds)
    statement = (
        update(SyncJob)
        .where(SyncJob.id == oldest.scalar_subquery())
        .values(
            status=Status.RUNNING.value,
            lease_token=lease.token,
            lease_until=_after(seconds),
            started_at=func.coalesce(SyncJob.started_at, func.now()),
            attempts=SyncJob.attempts + 1,
        )
        .returning(SyncJob.id)
    )
    job_id = await session.scalar(statement)
    await session.commit()
    return Lease(job_id, lease.token, seconds) if job_id else None


async def renew(session: AsyncSession, lease: Lease) -> None:
    """Prolong the lease within the caller's transaction, which locks the job; progress was made."""
    await _change(session, lease, lease_until=_after(lease.seconds), attempts=0)


async def release(session: AsyncSession, lease: Lease) -> None:
    """Let another process go on at once."""
    await _change(session, lease, lease_until=None, lease_token=None)
    await session.commit()


async def finish(session: AsyncSession, lease: Lease, status: Status) -> None:
    await _change(
        session, lease, status=status.value, finished_at=func.now(), lease_until=None, lease_token=None
    )
    await session.commit()


async def _change(session: AsyncSession, lease: Lease, **values: Any) -> None:  # noqa: ANN401 - columns
    statement = (
        update(SyncJob)
        .where(SyncJob.id == lease.job_id, SyncJob.lease_token == lease.token)
        .values(**values)
        .returning(SyncJob.id)
        .execution_options(synchronize_session=False)
    )
    if await session.scalar(statement) is None:
        raise LeaseLostError


def _after(seconds: float) -> Any:  # noqa: ANN401 - an SQL expression of the database's clock
    return func.now() + timedelta(seconds=seconds)
