"""Runs synchronization jobs in the background, one at a time, because sessions of 1C are few."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from assistants_common.context import request_id_var
from assistants_common.database import Database
from onec_integration import jobs
from onec_integration.jobs import Lease, LeaseLostError
from onec_integration.settings import Settings
from onec_integration.sync import Synchronizer

logger = logging.getLogger(__name__)

_RELEASE_SECONDS = 5


class SyncWorker:
    """Looks for jobs when woken, and at intervals, because a dead process leaves its jobs behind."""

    def __init__(self, settings: Settings, database: Database, synchronizer: Synchronizer) -> None:
        self._settings = settings
        self._database = database
        self._synchronizer = synchronizer
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._loop(), name="sync-worker")

    def wake(self) -> None:
        self._wake.set()

    async def stop(self) -> None:
        """Stop at once; another process continues the job."""
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
                logger.warning("a synchronization was cancelled, or another process took it over")
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
        """Run one job, if there is one, under the id of the request that ordered it."""
        async with self._database.session() as session:
            lease = await jobs.claim(session, self._settings.onec_lease_seconds)
        if lease is None:
            return False
        token = request_id_var.set(lease.request_id)
        try:
            await self._work(lease)
        finally:
            request_id_var.reset(token)
        return True

    async def _work(self, lease: Lease) -> None:
        try:
            async with self._kept(lease):
                await self._synchronizer.run(lease)
        except LeaseLostError:
            raise
        except BaseException:
            await self._release(lease)
            raise

    @asynccontextmanager
    async def _kept(self, lease: Lease) -> AsyncIterator[None]:
        """Renew the lease meanwhile; when the lease is lost, stop instead of waiting for 1C."""
        try:
            async with asyncio.timeout(None) as end:
                keeping = asyncio.create_task(self._keep(lease, end), name="sync-lease")
                try:
                    yield
                finally:
                    keeping.cancel()
                    await asyncio.wait({keeping})
        except TimeoutError as error:
            if end.expired():
                raise LeaseLostError from error
            raise

    async def _keep(self, lease: Lease, end: asyncio.Timeout) -> None:
        while True:
            await asyncio.sleep(lease.seconds / 3)
            try:
                async with self._database.session() as session:
                    await jobs.keep(session, lease)
            except LeaseLostError:
                end.reschedule(asyncio.get_running_loop().time())
                return
            except Exception:
                logger.exception("a lease was not prolonged", extra={"job_id": lease.job_id})

    async def _release(self, lease: Lease) -> None:
        """Release the lease, so that the job does not wait until the lease expires."""
        try:
            async with asyncio.timeout(_RELEASE_SECONDS), self._database.session() as session:
                await jobs.release(session, lease)
        except Exception:
            logger.exception("a synchronization was not released", extra={"job_id": lease.job_id})
