"""Works on synchronization jobs in the background of the process, one at a time: sessions of 1C are few."""

import asyncio
import logging
from contextlib import suppress

from assistants_common.database import Database
from assistants_common.events import EventPublisher
from onec_integration import jobs
from onec_integration.jobs import Lease, LeaseLostError
from onec_integration.models import Status
from onec_integration.settings import Settings
from onec_integration.sync import Outcome, Synchronizer

logger = logging.getLogger(__name__)

_RELEASE_SECONDS = 5


class SyncWorker:
    """Looks for jobs when woken and every now and then: other processes leave some behind."""

    def __init__(
        self, settings: Settings, database: Database, events: EventPublisher, synchronizer: Synchronizer
    ) -> None:
        self._settings = settings
        self._database = database
        self._events = events
        self._synchronizer = synchronizer
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="sync-worker")

    def wake(self) -> None:
        self._wake.set()

    async def stop(self) -> None:
        """Break off; the job goes on in another process, or in this one's successor."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                busy = await self.work_once()
            except LeaseLostError:
                logger.warning("another process took a synchronization over")
                busy = True
            except Exception:
                logger.exception("a synchronization was broken off")
                busy = False
            if not busy:
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.onec_poll_seconds):
                await self._wake.wait()

    async def work_once(self) -> bool:
        """Do one job, when there is one to do."""
        async with self._database.session() as session:
            lease = await jobs.claim(session, self._settings.lease_seconds)
        if lease is None:
            return False
        try:
            outcome = await self._synchronizer.run(lease)
        except LeaseLostError:
            raise
        except BaseException:
            await self._release(lease)
            raise
        await self._announce(outcome)
        return True

    async def _release(self, lease: Lease) -> None:
        """Without this the job would wait for the lease to run out."""
        try:
            async with asyncio.timeout(_RELEASE_SECONDS), self._database.session() as session:
                await jobs.release(session, lease)
        except Exception:
            logger.exception("a synchronization was not released", extra={"job_id": lease.job_id})

    async def _announce(self, outcome: Outcome) -> None:
        completed = outcome.status is Status.COMPLETED
        data = {
            "job_id": str(outcome.job_id),
            "entity_sets": outcome.entity_sets,
            "rows_read": outcome.rows_read,
            **({} if completed else {"errors": outcome.errors}),
        }
        type_ = "onec.sync_completed" if completed else "onec.sync_failed"
        logger.info("synchronization ended", extra={"job_id": outcome.job_id, "outcome": outcome.status})
        await self._events.notify(type_, data, outcome.requested_by)
