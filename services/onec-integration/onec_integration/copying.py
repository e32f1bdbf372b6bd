"""Copies the changed rows of one entity set of 1C into the database, page by page.

Objects have a version. When some are stored already, the copier first reads only the versions of a page, then
the rows whose version has changed; it compares rows without versions as a whole. `paging` defines the order
of the pages. At the end 1C counts its rows: when it has more than it listed, rows moved meanwhile, and the
copier reads the set once more. It asks 1C by reference for objects that the reading did not meet, and marks
those that 1C does not have as missing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from prometheus_client import Counter
from sqlalchemy import func, select

from assistants_common.database import Database
from onec_integration import errors, jobs, odata, records
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.jobs import Lease
from onec_integration.metadata import EntitySet
from onec_integration.models import Status, SyncEntitySet, SyncJob
from onec_integration.odata import Query, Row
from onec_integration.paging import Pages, Position
from onec_integration.reading import ROWS_OF_A_REQUEST, SetReader
from onec_integration.settings import Settings

logger = logging.getLogger(__name__)

ROWS_READ = Counter("onec_sync_rows_read_total", "Rows of 1C looked at.")
ROWS = Counter("onec_sync_rows_total", "Rows of 1C stored.")
_VERSION = ("Ref_Key", "DataVersion")
_LOOKS = 2
"""How often the end of a set is looked at again, when 1C counts more rows than it listed."""


@dataclass(frozen=True)
class Copying:
    """An entity set to copy, with its job and lease."""

    lease: Lease
    job: SyncJob
    progress: SyncEntitySet
    entity_set: EntitySet

    @property
    def where(self) -> str | None:
        since = self.job.documents_since
        if since is None or not self.entity_set.has_dates:
            return None
        return f"Date ge {odata.local_datetime(since)}"

    @property
    def position(self) -> Position:
        return Position.load(self.progress.read_up_to)

    @property
    def started_at(self) -> datetime:
        if self.progress.started_at is None:
            raise ValueError("nothing was read yet")
        return self.progress.started_at

    def unseen(self) -> records.Unseen:
        since = self.job.documents_since if self.where else None
        return records.Unseen(self.entity_set, self.started_at, since)


@dataclass(frozen=True)
class _Page:
    """The result of a page: rows to store, the keys of unchanged stored rows, and the next position."""

    rows: Sequence[Row]
    unchanged: Sequence[str]
    position: Position
    is_last: bool = False


class Copier:
    """Stores rows and progress in one transaction, so a resumed job continues exactly after the last stored
    page. Every transaction renews the lease, and fails when another worker has the job.
    """

    def __init__(self, settings: Settings, database: Database, client: OneCClient) -> None:
        self._settings = settings
        self._database = database
        self._client = client

    async def copy(self, copying: Copying) -> None:
        """Copy the remaining rows. Raises OneCError when 1C fails."""
        reader = SetReader(self._settings, self._client, copying.entity_set)
        work = _SetCopier(self._database, reader, copying, hides_rows=self._settings.onec_allowed_only)
        await work.run()


class _SetCopier:
    """Copies one entity set. `hides_rows`: 1C may count rows that it does not list."""

    def __init__(self, database: Database, reader: SetReader, copying: Copying, *, hides_rows: bool) -> None:
        self._database = database
        self._reader = reader
        self._copying = copying
        self._entity_set = copying.entity_set
        self._progress = copying.progress
        self._pages = Pages(copying.entity_set, copying.where)
        self._may_count_more = hides_rows or not copying.entity_set.has_references
        self._stored_before = False
        self._lists_first = False
        """Whether the references of a page are read before its rows, as those are too long for a page."""

    async def run(self) -> None:
        await self._begin()
        total = await self._read_all()
        if self._entity_set.has_references:
            await self._look_for_unseen()
        elif total == self._copying.position.listed:
            await self._mark_unseen()
        else:
            # The copier cannot ask for rows without a reference, and moved rows are not missing.
            logger.info(
                "rows came or went meanwhile, so none is taken for missing",
                extra={"entity_set": self._entity_set.name},
            )
        await self._complete()

    async def _begin(self) -> None:
        progress = self._progress
        total = await self._reader.count(self._copying.where)
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            started_at = progress.started_at or (await session.scalars(select(func.now()))).one()
            self._stored_before = await records.any_before(session, self._entity_set, started_at)
            session.add(progress)
            progress.status = Status.RUNNING.value
            progress.started_at = started_at
            progress.rows_total = total
            await session.commit()

    async def _read_all(self) -> int | None:
        """Read pages until 1C has listed every row; returns the count of rows at the end."""
        in_vain = 0
        while True:
            page = await self._next_page()
            await self._store(page)
            if not page.is_last:
                continue
            position, total = page.position, await self._reader.count(self._copying.where)
            if total is None or position.listed >= total:
                return total
            in_vain = 0 if page.rows or page.unchanged else in_vain + 1
            if in_vain < _LOOKS:
                continue  # the others may have come since
            if position.is_last_round:
                await self._accept(position, total)
                return total
            await self._begin_round(position)

    async def _begin_round(self, position: Position) -> None:
        async with self._database.session() as session:
            now = (await session.scalars(select(func.now()))).one()
        await self._store(_Page((), (), position.next_round(now)))

    async def _accept(self, position: Position, total: int) -> None:
        """Accept fewer rows than 1C counts, when further rounds bring no new rows."""
        name, listed = self._entity_set.name, position.listed
        if self._may_count_more and not position.found:
            logger.info("1C lists fewer rows than it counts", extra={"entity_set": name, "listed": listed})
            return
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            session.add(self._progress)
            self._progress.read_up_to = None  # a resumed job reads it from the start
            await session.commit()
        raise errors.incomplete(name, listed, total)

    async def _next_page(self) -> _Page:
        position = self._copying.position
        try:
            rows, query = await self._reader.page(lambda size: self._query(position, size))
        except OneCError as error:
            return _Page((), (), self._instead(position, error))
        keys = [records.record_key(self._entity_set, row) for row in rows]
        known = await self._seen(keys, position)
        back = self._pages.retreat(position, rows, first_is_known=bool(keys) and keys[0] in known)
        if back is not None:
            return _Page((), (), back)
        fresh = {key: row for key, row in zip(keys, rows, strict=True) if key not in known}
        found = position.found + await self._count_new(list(fresh), position)
        goes_on = self._pages.advance(replace(position, found=found), rows, has_new=bool(fresh))
        page = await self._changed(fresh, query)
        return replace(page, position=goes_on, is_last=len(rows) < query.top)

    def _instead(self, position: Position, error: OneCError) -> Position:
        """The position for another way to read after an error; raises the error when there is none."""
        if error.code == errors.TOO_LONG and self._entity_set.has_versions and not self._lists_first:
            self._lists_first = True
            return position
        if self._pages.anchor(position) is None or not _is_refusal(error):
            raise error
        logger.warning("1C does not compare", extra={"entity_set": self._entity_set.name})
        return position.without_anchor()

    def _query(self, position: Position, size: int) -> Query:
        query = self._pages.query(position, size)
        if not self._by_version:
            return query
        anchor = self._pages.anchor(position)
        return replace(query, select=(*_VERSION, anchor) if anchor else _VERSION)

    @property
    def _by_version(self) -> bool:
        """Whether the copier reads versions first, to find the changed rows."""
        has_some = self._stored_before or self._copying.position.round > 1
        tells = has_some and self._entity_set.has_versions and not self._copying.job.full
        return tells or self._lists_first

    async def _seen(self, keys: Sequence[str], position: Position) -> set[str]:
        """The keys of rows that this round has already read."""
        since = datetime.fromisoformat(position.since) if position.since else self._copying.started_at
        async with self._database.session() as session:
            return await records.seen_since(session, self._entity_set, keys, since)

    async def _count_new(self, keys: Sequence[str], position: Position) -> int:
        """The number of these keys that no round has read."""
        if position.round == 1:
            return len(keys)
        return len(keys) - len(await self._seen(keys, Position()))

    async def _changed(self, rows: dict[str, Row], query: Query) -> _Page:
        """The page's changes among rows not read before."""
        position = self._copying.position
        changed = await self._differing(rows)
        unchanged = [key for key in rows if key not in changed]
        if self._by_version:
            return _Page(await self._in_full(query, list(changed)), unchanged, position)
        return _Page(list(changed.values()), unchanged, position)

    async def _differing(self, rows: dict[str, Row]) -> dict[str, Row]:
        """The rows that differ from the stored ones; all rows when that is unknown or not requested."""
        if self._copying.job.full or (self._entity_set.has_versions and not self._by_version):
            return rows
        async with self._database.session() as session:
            known = await records.versions(session, self._entity_set, rows.keys())
        return {key: row for key, row in rows.items() if known.get(key) != records.row_version(row)}

    async def _in_full(self, query: Query, keys: Sequence[str]) -> list[Row]:
        """The full rows of these keys: a few by reference, many with the whole page."""
        found: dict[str, Row] = {}
        if len(keys) > ROWS_OF_A_REQUEST and self._reader.reads_whole_pages:
            rows = await self._reader.whole(replace(query, select=()))
            found = {records.record_key(self._entity_set, row): row for row in rows}
        rows = await self._reader.by_reference([key for key in keys if key not in found])
        found |= {records.record_key(self._entity_set, row): row for row in rows}
        return [found[key] for key in keys if key in found]

    async def _store(self, page: _Page) -> None:
        progress, read = self._progress, self._progress.rows_read
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            await records.store(session, self._entity_set, page.rows)
            await records.touch(session, self._entity_set, page.unchanged)
            session.add(progress)
            progress.read_up_to = page.position.dump()
            progress.rows_read = max(read, page.position.listed)
            progress.rows_stored += len(page.rows)
            progress.pages += 1
            await session.commit()
        ROWS_READ.inc(progress.rows_read - read)
        ROWS.inc(len(page.rows))

    async def _look_for_unseen(self) -> None:
        unseen, last = self._copying.unseen(), ""
        while True:
            async with self._database.session() as session:
                keys = await unseen.keys(session, after=last, limit=ROWS_OF_A_REQUEST)
            if not keys:
                return
            await self._store_unseen(keys, await self._reader.by_reference(keys))
            last = keys[-1]

    async def _store_unseen(self, keys: Sequence[str], found: Sequence[Row]) -> None:
        progress = self._progress
        gone = set(keys) - {records.record_key(self._entity_set, row) for row in found}
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            await records.store(session, self._entity_set, found)
            await records.mark_missing(session, self._entity_set, gone)
            session.add(progress)
            progress.rows_stored += len(found)
            progress.rows_missing += len(gone)
            await session.commit()
        ROWS.inc(len(found))

    async def _mark_unseen(self) -> None:
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            session.add(self._progress)
            self._progress.rows_missing += await self._copying.unseen().mark_all_missing(session)
            await session.commit()

    async def _complete(self) -> None:
        async with self._database.session() as session:
            await jobs.renew(session, self._copying.lease)
            session.add(self._progress)
            self._progress.status = Status.COMPLETED.value
            self._progress.finished_at = await session.scalar(select(func.now()))
            await session.commit()


def _is_refusal(error: OneCError) -> bool:
    """Whether the interface rejected the query itself, and not for missing rights or wrong names."""
    by_interface = error.reason is not None and error.reason.code is not None
    return by_interface and error.code in {errors.UNEXPECTED, errors.SERVER_ERROR}
