"""Synchronization jobs in the database: orders, leases, progress."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.context import request_id_var
from assistants_common.problems import ProblemError
from assistants_common.tokens import Principal, Role
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.schemas import SyncRequest

MAX_OPEN_JOBS = 10
OPEN = (Status.QUEUED.value, Status.RUNNING.value)
_STOPPED = (Status.FAILED.value, Status.CANCELLED.value)
_LOCK_ORDERS = text("SELECT pg_advisory_xact_lock(hashtextextended('sync_jobs ' || :user_id, 0))")


class LeaseLostError(Exception):
    """The job was cancelled, or another process works on it now."""


@dataclass(frozen=True)
class Lease:
    job_id: UUID
    token: UUID
    seconds: float
    request_id: str | None


async def add(session: AsyncSession, user_id: UUID, order: SyncRequest) -> SyncJob:
    await _check_open_jobs(session, user_id)
    since = order.documents_since
    job = SyncJob(
        requested_by=user_id,
        documents_since=None if since is None else datetime.combine(since, time.min),
        full=order.full,
        request_id=request_id_var.get(),
    )
    job.entity_sets = [
        SyncEntitySet(entity_set=name, position=position) for position, name in enumerate(order.entity_sets)
    ]
    session.add(job)
    await session.commit()
    return job


async def _check_open_jobs(session: AsyncSession, user_id: UUID) -> None:
    """Refuse a job above the limit. The lock lasts for the transaction, so a user's orders run one by one."""
    await session.execute(_LOCK_ORDERS, {"user_id": str(user_id)})
    statement = select(func.count()).where(SyncJob.requested_by == user_id, SyncJob.status.in_(OPEN))
    if (await session.scalar(statement) or 0) >= MAX_OPEN_JOBS:
        detail = f"You have {MAX_OPEN_JOBS} synchronizations under way already."
        raise ProblemError(429, detail, headers={"Retry-After": "60"})


async def get(session: AsyncSession, caller: Principal, job_id: UUID, *, lock: bool = False) -> SyncJob:
    """A job of the caller, or of any user for an administrator."""
    job = await session.get(SyncJob, job_id, with_for_update=lock or None)
    if job is None or (job.requested_by != caller.user_id and caller.role is not Role.ADMIN):
        raise ProblemError(404, "There is no such synchronization.")
    return job


def visible_to(caller: Principal) -> Select[SyncJob]:
    """The caller's jobs, or all users' for an administrator; the latest first."""
    statement = select(SyncJob).order_by(SyncJob.created_at.desc(), SyncJob.id)
    return statement if caller.role is Role.ADMIN else statement.where(SyncJob.requested_by == caller.user_id)


async def resume(session: AsyncSession, caller: Principal, job_id: UUID) -> SyncJob:
    """Queue a failed or cancelled job again; it continues after the rows already read."""
    job = await get(session, caller, job_id, lock=True)
    if job.status not in _STOPPED:
        raise ProblemError(409, f"Only a failed or cancelled synchronization can be resumed: {job.status}.")
    await _check_open_jobs(session, job.requested_by)
    job.status, job.finished_at, job.attempts = Status.QUEUED.value, None, 0
    job.request_id = request_id_var.get()
    for progress in job.entity_sets:
        if progress.status != Status.COMPLETED.value:
            progress.status, progress.error, progress.finished_at = Status.QUEUED.value, None, None
    await session.commit()
    return job


async def cancel(session: AsyncSession, caller: Principal, job_id: UUID) -> SyncJob:
    """Stop a job. Its worker loses the lease, and so stores nothing more."""
    job = await get(session, caller, job_id, lock=True)
    if job.status in {Status.COMPLETED.value, Status.FAILED.value}:
        raise ProblemError(409, f"The synchronization has ended already: {job.status}.")
    if job.status != Status.CANCELLED.value:
        now = await session.scalar(select(func.now()))
        job.status, job.finished_at = Status.CANCELLED.value, now
        job.lease_token, job.lease_until = None, None
        for progress in job.entity_sets:
            if progress.status in OPEN:
                progress.status, progress.finished_at = Status.CANCELLED.value, now
        await session.commit()
    return job


async def claim(session: AsyncSession, seconds: float) -> Lease | None:
    """Take the oldest job without a worker: a new job, or one whose process died."""
    free = or_(SyncJob.lease_until.is_(None), SyncJob.lease_until < func.now())
    oldest = (
        select(SyncJob.id)
        .where(SyncJob.status.in_(OPEN), free)
        .order_by(SyncJob.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    token = uuid4()
    statement = (
        update(SyncJob)
        .where(SyncJob.id == oldest.scalar_subquery())
        .values(
            status=Status.RUNNING.value,
            lease_token=token,
            lease_until=_after(seconds),
            started_at=func.coalesce(SyncJob.started_at, func.now()),
            attempts=SyncJob.attempts + 1,
        )
        .returning(SyncJob.id, SyncJob.request_id)
    )
    claimed = (await session.execute(statement)).one_or_none()
    await session.commit()
    return Lease(claimed[0], token, seconds, claimed[1]) if claimed else None


async def renew(session: AsyncSession, lease: Lease) -> None:
    """Renew the lease after progress, within the caller's transaction, which locks the job."""
    await _change(session, lease, lease_until=_after(lease.seconds), attempts=0)


async def keep(session: AsyncSession, lease: Lease) -> None:
    """Renew the lease while the worker waits for 1C."""
    await _change(session, lease, lease_until=_after(lease.seconds))
    await session.commit()


async def release(session: AsyncSession, lease: Lease) -> None:
    """Give the lease up, so that another process can continue at once."""
    await _change(session, lease, lease_until=None, lease_token=None)
    await session.commit()


async def finish(session: AsyncSession, lease: Lease, status: Status) -> None:
    """End a job, within the caller's transaction."""
    await _change(
        session, lease, status=status.value, finished_at=func.now(), lease_until=None, lease_token=None
    )


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
