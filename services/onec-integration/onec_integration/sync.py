"""Copies entity sets of 1C into the database, a page at a time."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Counter

from assistants_common.database import Database
from onec_integration import jobs, odata, records
from onec_integration.catalog import Catalog
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.jobs import Lease
from onec_integration.metadata import EntitySet
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.odata import EntityPage, Query
from onec_integration.settings import Settings

logger = logging.getLogger(__name__)

ROWS = Counter("onec_sync_rows_total", "Rows of 1C stored.")
JOBS = Counter("onec_sync_jobs_total", "Synchronizations ended.", ["status"])
MAX_ATTEMPTS = 5
_READ_ATTEMPTS = 3
_DOCUMENT = "Document"
_TOO_MANY_ATTEMPTS = "The synchronization was broken off too often without any progress."


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    job_id: UUID
    requested_by: UUID
    status: Status
    rows_read: int
    entity_sets: list[str]
    errors: dict[str, str]


class Synchronizer:
    def __init__(self, settings: Settings, database: Database, client: OneCClient, catalog: Catalog) -> None:
        self._database = database
        self._client = client
        self._catalog = catalog
        self._page_size = settings.onec_page_size
        self._pause = settings.onec_retry_pause_seconds

    async def run(self, lease: Lease) -> Outcome:
        """Do what is left of a job. Raises LeaseLostError when another process took it over."""
        job = await self._load(lease)
        for progress in job.entity_sets:
            if progress.status in jobs.OPEN:
                await self._copy_or_note(lease, job, progress)
        failed = {item.entity_set: item.error or "" for item in job.entity_sets if item.error}
        status = Status.FAILED if failed else Status.COMPLETED
        async with self._database.session() as session:
            await jobs.finish(session, lease, status)
        JOBS.labels(status.value).inc()
        return Outcome(
            job_id=job.id,
            requested_by=job.requested_by,
            status=status,
            rows_read=sum(item.rows_read for item in job.entity_sets),
            entity_sets=[item.entity_set for item in job.entity_sets],
            errors=failed,
        )

    async def _load(self, lease: Lease) -> SyncJob:
        async with self._database.session() as session:
            return await session.get_one(SyncJob, lease.job_id)

    async def _copy_or_note(self, lease: Lease, job: SyncJob, progress: SyncEntitySet) -> None:
        """Copy one entity set; what 1C refuses is noted, and the others still get their turn."""
        if job.attempts > MAX_ATTEMPTS:
            await self._note(lease, progress, _TOO_MANY_ATTEMPTS)
            return
        try:
            await self._copy(lease, job, progress)
        except OneCError as error:
            logger.warning(
                "an entity set was not copied",
                extra={"job_id": lease.job_id, "entity_set": progress.entity_set, "reason": error.code},
            )
            await self._note(lease, progress, error.detail_text)

    async def _copy(self, lease: Lease, job: SyncJob, progress: SyncEntitySet) -> None:
        entity_set = await self._catalog.entity_set(progress.entity_set)
        where = _since(job, entity_set)
        complete = False
        while not complete:
            query = Query(
                top=self._page_size,
                skip=progress.rows_read,
                order_by=entity_set.key,
                where=where,
                count=progress.rows_total is None,
            )
            page = await self._read(entity_set, query)
            complete = len(page.rows) < self._page_size
            await self._store(lease, progress, entity_set, page, complete=complete)

    async def _read(self, entity_set: EntitySet, query: Query) -> EntityPage:
        for attempt in range(1, _READ_ATTEMPTS):
            try:
                return await self._client.read(entity_set.name, query)
            except OneCError as error:
                if not error.retryable:
                    raise
                logger.info("1C is asked again", extra={"reason": error.code, "attempt": attempt})
                await asyncio.sleep(self._pause * 2 ** (attempt - 1))
        return await self._client.read(entity_set.name, query)

    async def _store(
        self,
        lease: Lease,
        progress: SyncEntitySet,
        entity_set: EntitySet,
        page: EntityPage,
        *,
        complete: bool,
    ) -> None:
        """Rows and progress in one transaction: a resumed job goes on exactly behind the last stored page."""
        async with self._database.session() as session:
            await jobs.renew(session, lease)
            await records.store(session, entity_set, page.rows)
            session.add(progress)
            progress.rows_read += len(page.rows)
            progress.started_at = progress.started_at or datetime.now(UTC)
            if page.count is not None:
                progress.rows_total = page.count
            _set_status(progress, Status.COMPLETED if complete else Status.RUNNING)
            await session.commit()
        ROWS.inc(len(page.rows))

    async def _note(self, lease: Lease, progress: SyncEntitySet, error: str) -> None:
        async with self._database.session() as session:
            await jobs.renew(session, lease)
            session.add(progress)
            progress.error = error
            _set_status(progress, Status.FAILED)
            await session.commit()


def _set_status(progress: SyncEntitySet, status: Status) -> None:
    progress.status = status.value
    if status is not Status.RUNNING:
        progress.finished_at = datetime.now(UTC)


def _since(job: SyncJob, entity_set: EntitySet) -> str | None:
    if job.documents_since is None or entity_set.kind != _DOCUMENT:
        return None
    return f"Date ge {odata.local_datetime(job.documents_since)}"
