"""What happens to a job when its process goes away; the test is the worker."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.waiting import pass_time, patience, patiently, until
from onec_integration import jobs, records
from onec_integration.jobs import Lease, LeaseLostError
from onec_integration.models import OneCRecord, SyncJob
from onec_integration.worker import SyncWorker
from onec_simulator.base import COMPANIES, SALES, Base


@pytest.fixture
async def worker(app: FastAPI, clean_tables: None, base: Base) -> SyncWorker:
    base.add_companies(25)
    base.add_sales(5)
    found: SyncWorker = app.state.worker
    await found.stop()
    return found


@pytest.fixture
async def job_id(worker: SyncWorker, client: httpx.AsyncClient, auth_headers: AuthHeaders) -> UUID:
    headers = auth_headers(role=Role.ADMIN)
    await client.get("/metadata", headers=headers)
    body = {"entity_sets": [COMPANIES, SALES]}
    answer = await client.post("/sync/data", json=body, headers=headers)
    return UUID(answer.json()["job_id"])


async def claim(resources: Resources, seconds: float = 60) -> Lease | None:
    async with resources.require_database().session() as session:
        return await jobs.claim(session, seconds)


async def change(resources: Resources, **values: Any) -> None:  # noqa: ANN401 - columns
    async with resources.require_database().session() as session:
        await session.execute(update(SyncJob).values(**values))
        await session.commit()


async def job(resources: Resources) -> SyncJob:
    async with resources.require_database().session() as session:
        return (await session.scalars(select(SyncJob))).one()


async def count(resources: Resources) -> int:
    async with resources.require_database().session() as session:
        return await session.scalar(select(func.count()).select_from(OneCRecord)) or 0


async def test_does_a_job_and_then_has_none(worker: SyncWorker, job_id: UUID, resources: Resources) -> None:
    assert await worker.work_once()
    assert (await job(resources)).status == "completed"
    assert await count(resources) == 30
    assert not await worker.work_once()


async def test_one_process_works_on_a_job(worker: SyncWorker, job_id: UUID, resources: Resources) -> None:
    leases = await asyncio.gather(*(claim(resources) for _ in range(4)))
    assert [lease.job_id for lease in leases if lease] == [job_id]
    assert not await worker.work_once()


async def test_a_job_left_behind_is_taken_over(
    worker: SyncWorker, job_id: UUID, resources: Resources
) -> None:
    assert await claim(resources, seconds=-1)
    assert await worker.work_once()
    assert (await job(resources)).status == "completed"


async def test_a_stopped_job_goes_on_behind_the_last_page(
    worker: SyncWorker, job_id: UUID, resources: Resources, base: Base
) -> None:
    base.answers_left = 2
    work = asyncio.create_task(worker.work_once())
    async with patience():
        while await count(resources) == 0:
            await asyncio.sleep(0.02)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    stopped = await job(resources)
    assert (stopped.status, stopped.lease_token) == ("running", None)
    assert stopped.entity_sets[0].rows_read == 10
    base.answers_left = None
    base.requests.clear()
    assert await worker.work_once()
    first = next(item for item in base.requests if "$top" in item.query)
    assert first.query["$filter"] == "Code ge '000000009'"
    assert (await job(resources)).status == "completed"
    assert await count(resources) == 30


async def test_who_lost_the_lease_stores_nothing(
    worker: SyncWorker, job_id: UUID, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew = jobs.renew

    async def too_late(session: Any, lease: Lease) -> None:  # noqa: ANN401 - passed on
        await change(resources, lease_token=uuid4())
        await renew(session, lease)

    monkeypatch.setattr(jobs, "renew", too_late)
    with pytest.raises(LeaseLostError):
        await worker.work_once()
    assert await count(resources) == 0
    assert (await job(resources)).lease_token is not None


async def test_a_job_that_breaks_every_time_ends(
    worker: SyncWorker, job_id: UUID, resources: Resources
) -> None:
    await change(resources, attempts=5)
    assert await worker.work_once()
    ended = await job(resources)
    assert ended.status == "failed"
    assert "without any progress" in str(ended.entity_sets[0].error)


async def test_the_loop_outlives_a_fault_of_ours(
    worker: SyncWorker, job_id: UUID, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, faults = records.store, [RuntimeError("boom"), LeaseLostError()]

    async def faulty(*arguments: Any) -> None:  # noqa: ANN401 - passed on
        if faults:
            raise faults.pop(0)
        await store(*arguments)

    monkeypatch.setattr(records, "store", faulty)
    await change(resources, status="queued")
    worker.start()
    async with patience():
        while faults:
            await asyncio.sleep(0.02)
        await change(resources, lease_until=None)
        while (await job(resources)).status != "completed":
            await asyncio.sleep(0.02)
    await worker.stop()
    assert await count(resources) == 30


async def test_the_lease_is_kept_while_1c_is_slow(
    worker: SyncWorker, job_id: UUID, resources: Resources, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process looks for work all the time and gets none, though a page takes longer than a lease."""
    base.answers_left = 0
    work = asyncio.create_task(worker.work_once())
    await until(lambda: base.busy)
    for _ in range(4):
        lease_until = (await job(resources)).lease_until
        await pass_time(worker._settings.onec_lease_seconds / 3)
        async with patience():
            while (await job(resources)).lease_until == lease_until:
                await asyncio.sleep(0.01)
        assert await claim(resources) is None
    base.answers_left = None
    await work
    assert (await job(resources)).status == "completed"


async def test_who_waits_for_1c_breaks_off_when_the_lease_is_lost(
    worker: SyncWorker, job_id: UUID, resources: Resources, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.answers_left = 0
    work = asyncio.create_task(worker.work_once())
    await until(lambda: base.busy)
    other = uuid4()
    await change(resources, lease_token=other)
    await pass_time(worker._settings.onec_lease_seconds / 3)
    with pytest.raises(LeaseLostError):
        await patiently(work)
    assert (await job(resources)).lease_token == other
    base.answers_left = None


async def test_a_database_away_for_a_moment_does_not_lose_the_lease(
    worker: SyncWorker, job_id: UUID, resources: Resources, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, faults = jobs.keep, [OSError("gone")]

    async def faulty(*arguments: Any) -> None:  # noqa: ANN401 - passed on
        if faults:
            raise faults.pop()
        await keep(*arguments)

    monkeypatch.setattr(jobs, "keep", faulty)
    base.answers_left = 0
    work = asyncio.create_task(worker.work_once())
    await until(lambda: base.busy)
    await pass_time(worker._settings.onec_lease_seconds / 3)
    await until(lambda: not faults)
    base.answers_left = None
    assert await work
    assert (await job(resources)).status == "completed"
