"""Copies one entity set of 1C into the database, a page at a time, and only what changed.

Objects have a version. When some are stored already, a page is first read as versions alone, and of the
rows only those whose version is another; rows without versions are compared as a whole. At the end, objects
that the reading did not come across are asked for once more, because rows may change places between two
pages; those 1C does not have are marked missing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from prometheus_client import Counter
from sqlalchemy import func, select

from assistants_common.database import Database
from onec_integration import jobs, odata, records
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.jobs import Lease
from onec_integration.metadata import EntitySet
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.odata import Query, Row
from onec_integration.settings import Settings

logger = logging.getLogger(__name__)

ROWS_READ = Counter("onec_sync_rows_read_total", "Rows of 1C looked at.")
ROWS = Counter("onec_sync_rows_total", "Rows of 1C stored.")
ROWS_OF_A_REQUEST = 20
"""As many references as fit an address of 2,048 characters, the limit of IIS."""

_READ_ATTEMPTS = 3
_DOCUMENT = "Document"
_VERSION = ("Ref_Key", "DataVersion")


@dataclass(frozen=True)
class Copying:
    """What is copied, for which job, and under which lease."""

    lease: Lease
    job: SyncJob
    progress: SyncEntitySet
    entity_set: EntitySet

    @property
    def where(self) -> str | None:
        since = self.job.documents_since
        if since is None or self.entity_set.kind != _DOCUMENT:
            return None
        return f"Date ge {odata.local_datetime(since)}"

    def unseen(self) -> records.Unseen:
        started_at = self.progress.started_at
        if started_at is None:
            raise ValueError("nothing was read yet")
        since = self.job.documents_since if self.where else None
        return records.Unseen(self.entity_set, started_at, since)


@dataclass(frozen=True)
class _Page:
    """What a page brings: rows to store, and the keys of rows that are stored already as they are."""

    rows: Sequence[Row]
    unchanged: Sequence[str]
    length: int


class Copier:
    """Rows and progress go into one transaction: a resumed job goes on exactly behind the last stored page.
    Every transaction renews the lease, and so fails when the job is not ours any more.
    """

    def __init__(self, settings: Settings, database: Database, client: OneCClient) -> None:
        self._database = database
        self._client = client
        self._page_size = settings.onec_page_size
        self._pause = settings.onec_retry_pause_seconds

    async def copy(self, copying: Copying) -> None:
        """Do what is left. Raises OneCError when 1C does not do its part."""
        by_version = await self._begin(copying)
        complete = False
        while not complete:
            page = await self._next_page(copying, by_version=by_version)
            complete = page.length < self._page_size
            await self._store(copying, page)
        if copying.entity_set.has_references:
            await self._look_for_unseen(copying)
        else:
            await self._mark_unseen(copying)
        await self._complete(copying)

    async def _begin(self, copying: Copying) -> bool:
        """Note the start; whether versions tell what changed."""
        progress, entity_set = copying.progress, copying.entity_set
        total = await self._count(copying)
        async with self._database.session() as session:
            await jobs.renew(session, copying.lease)
            started_at = progress.started_at or (await session.scalars(select(func.now()))).one()
            stored = await records.any_before(session, entity_set, started_at)
            session.add(progress)
            progress.status = Status.RUNNING.value
            progress.started_at = started_at
            progress.rows_total = total
            await session.commit()
        return stored and entity_set.has_versions and not copying.job.full

    async def _count(self, copying: Copying) -> int | None:
        """How many rows there are; None when 1C cannot tell, which only costs the percentage."""
        name, where = copying.entity_set.name, copying.where
        try:
            return await self._ask(lambda: self._client.count(name, where))
        except OneCError as error:
            if error.retryable:
                raise
            logger.info("1C did not count", extra={"entity_set": name, "reason": error.code})
            return None

    async def _next_page(self, copying: Copying, *, by_version: bool) -> _Page:
        query = Query(
            top=self._page_size,
            skip=copying.progress.rows_read,
            order_by=copying.entity_set.key,
            where=copying.where,
        )
        if by_version:
            return await self._changed(copying.entity_set, query)
        rows = await self._read(copying.entity_set, query)
        if copying.job.full or copying.entity_set.has_versions:
            return _Page(rows, (), len(rows))
        changed, unchanged = await self._compare(copying.entity_set, rows)
        return _Page(list(changed.values()), unchanged, len(rows))

    async def _changed(self, entity_set: EntitySet, query: Query) -> _Page:
        listed = await self._read(entity_set, replace(query, select=_VERSION))
        changed, unchanged = await self._compare(entity_set, listed)
        rows = await self._rows(entity_set, query, list(changed))
        return _Page(rows, unchanged, len(listed))

    async def _compare(self, entity_set: EntitySet, rows: Sequence[Row]) -> tuple[dict[str, Row], list[str]]:
        """The rows that are new or have another version than the stored ones, and the keys of the rest."""
        found = {records.record_key(entity_set, row): row for row in rows}
        async with self._database.session() as session:
            known = await records.versions(session, entity_set, found.keys())
        changed = {key: row for key, row in found.items() if known.get(key) != records.row_version(row)}
        return changed, [key for key in found if key not in changed]

    async def _rows(self, entity_set: EntitySet, query: Query, keys: Sequence[str]) -> list[Row]:
        """The rows of a page with these keys: few are asked for by reference, many with the whole page."""
        if not keys:
            return []
        if len(keys) <= ROWS_OF_A_REQUEST:
            return await self._read(entity_set, Query(top=len(keys), where=odata.one_of(keys)))
        wanted = set(keys)
        rows = await self._read(entity_set, query)
        return [row for row in rows if records.record_key(entity_set, row) in wanted]

    async def _store(self, copying: Copying, page: _Page) -> None:
        progress = copying.progress
        async with self._database.session() as session:
            await jobs.renew(session, copying.lease)
            await records.store(session, copying.entity_set, page.rows)
            await records.touch(session, copying.entity_set, page.unchanged)
            session.add(progress)
            progress.rows_read += page.length
            progress.rows_stored += len(page.rows)
            progress.pages += 1
            await session.commit()
        ROWS_READ.inc(page.length)
        ROWS.inc(len(page.rows))

    async def _look_for_unseen(self, copying: Copying) -> None:
        unseen, last = copying.unseen(), ""
        while True:
            async with self._database.session() as session:
                keys = await unseen.keys(session, after=last, limit=ROWS_OF_A_REQUEST)
            if not keys:
                return
            found = await self._read(copying.entity_set, Query(top=len(keys), where=odata.one_of(keys)))
            await self._store_unseen(copying, keys, found)
            last = keys[-1]

    async def _store_unseen(self, copying: Copying, keys: Sequence[str], found: Sequence[Row]) -> None:
        entity_set, progress = copying.entity_set, copying.progress
        gone = set(keys) - {records.record_key(entity_set, row) for row in found}
        async with self._database.session() as session:
            await jobs.renew(session, copying.lease)
            await records.store(session, entity_set, found)
            await records.mark_missing(session, entity_set, gone)
            session.add(progress)
            progress.rows_stored += len(found)
            progress.rows_missing += len(gone)
            await session.commit()
        ROWS.inc(len(found))

    async def _mark_unseen(self, copying: Copying) -> None:
        """Rows without a reference cannot be asked for: they count as missing when none can have moved."""
        total = await self._count(copying)
        if total != copying.progress.rows_read:
            logger.info(
                "rows came or went meanwhile, so none is taken for missing",
                extra={"entity_set": copying.entity_set.name},
            )
            return
        async with self._database.session() as session:
            await jobs.renew(session, copying.lease)
            session.add(copying.progress)
            copying.progress.rows_missing += await copying.unseen().mark_all_missing(session)
            await session.commit()

    async def _complete(self, copying: Copying) -> None:
        async with self._database.session() as session:
            await jobs.renew(session, copying.lease)
            session.add(copying.progress)
            copying.progress.status = Status.COMPLETED.value
            copying.progress.finished_at = await session.scalar(select(func.now()))
            await session.commit()

    async def _read(self, entity_set: EntitySet, query: Query) -> list[Row]:
        return (await self._ask(lambda: self._client.read(entity_set.name, query))).rows

    async def _ask[T](self, question: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(1, _READ_ATTEMPTS):
            try:
                return await question()
            except OneCError as error:
                if not error.retryable:
                    raise
                logger.info("1C is asked again", extra={"reason": error.code, "attempt": attempt})
                await asyncio.sleep(self._pause * 2 ** (attempt - 1))
        return await question()
