"""How many synchronizations a user may have open holds also for orders that come at once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from assistants_common.problems import ProblemError
from assistants_common.resources import Resources
from assistants_common.tokens import Principal, Role
from onec_integration import jobs
from onec_integration.jobs import MAX_OPEN_JOBS, OPEN
from onec_integration.models import SyncJob
from onec_integration.schemas import SyncRequest
from onec_simulator.base import COMPANIES

ORDER = SyncRequest(entity_sets=[COMPANIES])


@pytest.fixture(autouse=True)
async def _clean(app: FastAPI, clean_tables: None) -> None:
    """No worker takes a job, so that all stay open."""
    await app.state.worker.stop()


async def order(resources: Resources, user_id: UUID) -> int:
    async with resources.require_database().session() as session:
        try:
            await jobs.add(session, user_id, ORDER)
        except ProblemError as error:
            return error.status_code
    return 202


async def resume(resources: Resources, user: Principal, job_id: UUID) -> int:
    async with resources.require_database().session() as session:
        try:
            await jobs.resume(session, user, job_id)
        except ProblemError as error:
            return error.status_code
    return 202


async def open_jobs(resources: Resources, user_id: UUID) -> int:
    async with resources.require_database().session() as session:
        statement = select(func.count()).where(SyncJob.requested_by == user_id, SyncJob.status.in_(OPEN))
        return await session.scalar(statement) or 0


async def failed_jobs(resources: Resources, user_id: UUID, count: int) -> Sequence[UUID]:
    async with resources.require_database().session() as session:
        rows = [SyncJob(requested_by=user_id, status="failed") for _ in range(count)]
        session.add_all(rows)
        await session.commit()
        return [row.id for row in rows]


async def test_orders_at_once(resources: Resources) -> None:
    users = [uuid4(), uuid4()]
    answers = await asyncio.gather(*(order(resources, user) for user in users for _ in range(30)))
    assert Counter(answers) == {202: 2 * MAX_OPEN_JOBS, 429: 2 * (30 - MAX_OPEN_JOBS)}
    assert [await open_jobs(resources, user) for user in users] == [MAX_OPEN_JOBS, MAX_OPEN_JOBS]


async def test_resumed_and_new_jobs_at_once(resources: Resources) -> None:
    """What was resumed counts as much as what is new, also when both happen at once."""
    user = Principal(user_id=uuid4(), role=Role.ANALYST, token_id="x")
    stopped = await failed_jobs(resources, user.user_id, 15)
    answers = await asyncio.gather(
        *(resume(resources, user, job_id) for job_id in stopped),
        *(order(resources, user.user_id) for _ in range(15)),
    )
    assert Counter(answers) == {202: MAX_OPEN_JOBS, 429: 30 - MAX_OPEN_JOBS}
    assert await open_jobs(resources, user.user_id) == MAX_OPEN_JOBS


async def test_a_place_that_gets_free_can_be_taken(resources: Resources) -> None:
    user_id = uuid4()
    for _ in range(MAX_OPEN_JOBS):
        assert await order(resources, user_id) == 202
    assert await order(resources, user_id) == 429
    async with resources.require_database().session() as session:
        one = select(SyncJob.id).where(SyncJob.requested_by == user_id).limit(1).scalar_subquery()
        await session.execute(update(SyncJob).where(SyncJob.id == one).values(status="completed"))
        await session.commit()
    assert await order(resources, user_id) == 202
