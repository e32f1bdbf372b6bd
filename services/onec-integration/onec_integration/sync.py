"""Runs synchronization jobs: copies their entity sets one after another, and publishes the result."""

import logging

from prometheus_client import Counter
from sqlalchemy import func, select

from assistants_common.database import Database
from assistants_common.outbox import record_event
from onec_integration import NAME, jobs
from onec_integration.catalog import Catalog
from onec_integration.copying import Copier, Copying
from onec_integration.errors import OneCError
from onec_integration.jobs import Lease
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.reading import Retries

logger = logging.getLogger(__name__)

JOBS = Counter("onec_sync_jobs_total", "Synchronizations ended.", ["status"])
for _status in (Status.COMPLETED, Status.FAILED):  # so that the first one is an increase
    JOBS.labels(_status.value)
MAX_ATTEMPTS = 5
_TOO_MANY_ATTEMPTS = "The synchronization was broken off too often without any progress."


class Synchronizer:
    def __init__(self, database: Database, catalog: Catalog, copier: Copier, retries: Retries) -> None:
        self._database = database
        self._catalog = catalog
        self._copier = copier
        self._retries = retries

    async def run(self, lease: Lease) -> None:
        """Finish a job. Raises LeaseLostError when another worker has taken it."""
        async with self._database.session() as session:
            job = await session.get_one(SyncJob, lease.job_id)
        for progress in job.entity_sets:
            if progress.status in jobs.OPEN:
                await self._copy_or_note(lease, job, progress)
        await self._finish(lease, job)

    async def _copy_or_note(self, lease: Lease, job: SyncJob, progress: SyncEntitySet) -> None:
        """Copy one entity set; record a failure of 1C, so that the other sets still follow."""
        if job.attempts > MAX_ATTEMPTS:
            await self._note(lease, progress, _TOO_MANY_ATTEMPTS)
            return
        try:
            name = progress.entity_set
            entity_set = await self._retries.ask(lambda: self._catalog.entity_set(name))
            await self._copier.copy(Copying(lease, job, progress, entity_set))
        except OneCError as error:
            logger.warning(
                "an entity set was not copied",
                extra={
                    "job_id": lease.job_id,
                    "entity_set": progress.entity_set,
                    "reason": error.code,
                    "said": str(error.reason or ""),
                },
            )
            await self._note(lease, progress, error.detail_text)

    async def _note(self, lease: Lease, progress: SyncEntitySet, error: str) -> None:
        async with self._database.session() as session:
            await jobs.renew(session, lease)
            session.add(progress)
            progress.error = error
            progress.status = Status.FAILED.value
            progress.finished_at = await session.scalar(select(func.now()))
            await session.commit()

    async def _finish(self, lease: Lease, job: SyncJob) -> None:
        """Store the end of a job and its event in one transaction."""
        errors = job.errors
        status = Status.FAILED if errors else Status.COMPLETED
        data = {
            "job_id": str(job.id),
            "entity_sets": [item.entity_set for item in job.entity_sets],
            "rows_read": job.rows_read,
            "rows_stored": job.rows_stored,
            **({"errors": errors} if errors else {}),
        }
        async with self._database.session() as session:
            await jobs.finish(session, lease, status)
            await record_event(session, NAME, f"onec.sync_{status}", data, job.requested_by)
            await session.commit()
        JOBS.labels(status.value).inc()
        logger.info("synchronization ended", extra={"job_id": job.id, "outcome": status})
