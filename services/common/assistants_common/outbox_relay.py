"""Publishes events from the outbox to the event stream, and keeps them until every reader has them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prometheus_client import Gauge
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.cache import build_redis
from assistants_common.database import Database
from assistants_common.event_stream import EntryId, StreamState, observe, published_ids
from assistants_common.events import EVENTS_PUBLISHED, FIELD, MAX_LENGTH, STREAM
from assistants_common.outbox import OUTBOX
from assistants_common.passwords import Passwords
from assistants_common.settings import ServiceSettings

logger = logging.getLogger(__name__)

OUTBOX_PENDING = Gauge("outbox_pending", "Events that are recorded but not published yet.")
OUTBOX_AGE = Gauge(
    "outbox_oldest_pending_seconds", "Age of the oldest event that is not published yet, or 0."
)
POLL_SECONDS = 1.0
_BATCH = 100
_BUSY_SECONDS = 0.1
_STOP_SECONDS = 5.0
_LOCK = (0x6F_75_74_62, 1)


class OutboxRelay:
    """Publishes in the order of recording. A lock in the database lets one replica work at a time.

    A row stays until all consumer groups have acknowledged its entry. When the entry leaves the stream
    earlier (a client trims it, or Redis drops it), the relay publishes the row again. While the stream is
    full because a reader is away, the rows wait in the database, which has more room than Redis.

    Without an answer, the relay does not know whether Redis has stored a batch. Nor does it know whether
    Redis still has its entries: after a restart Redis may have an older snapshot, or nothing. So the relay
    compares stream and table at the start, after a failure, after a restart of Redis, and for a new stream.
    It may publish an event twice, under one id: readers handle an id once.
    """

    def __init__(
        self,
        database: Database,
        settings: ServiceSettings,
        poll_seconds: float = POLL_SECONDS,
        redis_passwords: Passwords | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._redis_passwords = redis_passwords
        self._poll_seconds = poll_seconds
        self._known: StreamState | None = None
        self._settled: tuple[EntryId, EntryId | None] | None = None
        self._groups: frozenset[str] = frozenset()
        self._failing = False
        self._waiting = False
        self._stopping = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Relay in the background while the context lasts; at its end, publish the events recorded so far."""
        task = asyncio.create_task(self._run(), name="outbox-relay")
        try:
            yield
        finally:
            self._stopping = True
            self._database.outbox_wake.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await task

    async def _run(self) -> None:
        # A separate client without retries does not send a batch twice when the answer is lost.
        async with build_redis(self._settings, retries=0, passwords=self._redis_passwords) as redis:
            while True:
                self._database.outbox_wake.clear()
                stopping = self._stopping
                pause = await self._attempt(redis)
                if stopping and pause:
                    return
                await self._wait(pause)

    async def _wait(self, seconds: float) -> None:
        if self._failing:
            # Commits do not wake the relay here: each would cause another call to a Redis that is away.
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._database.outbox_wake.wait()

    async def _attempt(self, redis: Redis) -> float:
        """One round; the seconds until the next."""
        try:
            pause = await self._round(redis)
        except Exception:
            # Nothing else publishes these events, so no error may end the task.
            level = logging.DEBUG if self._failing else logging.ERROR
            logger.log(level, "events cannot be published, they are kept", exc_info=True)
            self._known = None
            self._failing = True
            return self._poll_seconds
        if self._failing:
            logger.info("events are published again")
        self._failing = False
        return pause

    async def _round(self, redis: Redis) -> float:
        async with self._database.control_session() as session:
            pending, age = (await session.execute(_PENDING)).one()
            OUTBOX_PENDING.set(pending)
            OUTBOX_AGE.set(age)
            if not await session.scalar(_TAKE_LOCK):
                return _BUSY_SECONDS
            state = await observe(redis, self._groups)
            self._groups |= state.groups
            await self._compare(session, redis, state)
            await self._settle(session, state)
            room = min(max(MAX_LENGTH - state.length, 0), _BATCH)
            self._tell_of_room(room, pending)
            published = await _publish_batch(session, redis, room)
            await session.commit()
        OUTBOX_PENDING.set(max(pending - published, 0))
        if published >= pending:
            OUTBOX_AGE.set(0)
        return 0 if published == _BATCH else self._poll_seconds

    async def _compare(self, session: AsyncSession, redis: Redis, state: StreamState) -> None:
        known, self._known = self._known, state
        if known is not None and state.is_successor_of(known):
            return
        self._settled = None
        found = await published_ids(redis)
        await _mark_published(session, await _pending_among(session, found))
        lost = await _lost(session, found)
        if lost:
            logger.warning("Redis lost events, they are published again", extra={"events": len(lost)})
            await session.execute(_MARK_PENDING, [{"row": row} for row in lost])

    async def _settle(self, session: AsyncSession, state: StreamState) -> None:
        """Delete acknowledged rows; publish rows again whose entries left the stream too early."""
        ends = (state.first, state.acknowledged)
        if ends == self._settled:
            return
        if state.acknowledged is not None:
            first, last = _place(state.first), _place(state.acknowledged)
            await session.execute(sa.delete(OUTBOX).where(_PUBLISHED, _entry() >= first, _entry() <= last))
        left = sa.update(OUTBOX).where(_PUBLISHED, _entry() < _place(state.first)).returning(OUTBOX.c.id)
        again = (await session.scalars(left.values(published_at=None, entry_id=None))).all()
        if again:
            logger.warning(
                "events left the stream before every reader had them, they are published again",
                extra={"events": len(again)},
            )
        self._settled = ends

    def _tell_of_room(self, room: int, pending: int) -> None:
        waiting = room == 0 and pending > 0
        if waiting and not self._waiting:
            logger.warning(
                "events wait: a reader is behind and the stream is full", extra={"events": pending}
            )
        self._waiting = waiting


async def _publish_batch(session: AsyncSession, redis: Redis, limit: int) -> int:
    rows = (await session.execute(_NEXT_PENDING.limit(limit))).all() if limit else []
    if not rows:
        return 0
    # One transaction: Redis stores the whole batch or nothing.
    pipeline = redis.pipeline(transaction=True)
    for row in rows:
        pipeline.xadd(STREAM, {FIELD: row.document})
    entries: Sequence[str] = await pipeline.execute()
    await _mark_published(session, {row.id: entry for row, entry in zip(rows, entries, strict=True)})
    for row in rows:
        EVENTS_PUBLISHED.labels(json.loads(row.document)["type"], "published").inc()
    return len(rows)


async def _mark_published(session: AsyncSession, entries: Mapping[UUID, str]) -> None:
    if entries:
        await session.execute(
            _MARK_PUBLISHED, [{"row": row, "entry": entry} for row, entry in entries.items()]
        )


async def _pending_among(session: AsyncSession, found: Mapping[str, str]) -> dict[UUID, str]:
    """Events with their entries that the table lists as unpublished although they are in the stream."""
    rows = await session.scalars(sa.select(OUTBOX.c.id).where(OUTBOX.c.published_at.is_(None)))
    return {row: found[str(row)] for row in rows if str(row) in found}


async def _lost(session: AsyncSession, found: Mapping[str, Any]) -> list[UUID]:
    """Published events that have left the stream before every reader acknowledged them."""
    rows = await session.scalars(sa.select(OUTBOX.c.id).where(_PUBLISHED))
    return [row for row in rows if str(row) not in found]


def _entry() -> sa.ColumnElement[Any]:
    """The entry id of a row in a form that sorts."""
    parts = (sa.func.split_part(OUTBOX.c.entry_id, "-", part) for part in (1, 2))
    return sa.tuple_(*(sa.cast(part, sa.BigInteger()) for part in parts))


def _place(entry: EntryId) -> sa.ColumnElement[Any]:
    return sa.tuple_(*(sa.literal(part, sa.BigInteger()) for part in entry))


_TAKE_LOCK = sa.select(sa.func.pg_try_advisory_xact_lock(*_LOCK))
_AGE = sa.extract("epoch", sa.func.clock_timestamp() - sa.func.min(OUTBOX.c.created_at))
_PENDING = sa.select(sa.func.count(), sa.func.greatest(_AGE, 0)).where(OUTBOX.c.published_at.is_(None))
_NEXT_PENDING = (
    sa.select(OUTBOX.c.id, OUTBOX.c.document)
    .where(OUTBOX.c.published_at.is_(None))
    .order_by(OUTBOX.c.position)
)
_PUBLISHED = OUTBOX.c.published_at.is_not(None)
_MARK_PUBLISHED = (
    sa.update(OUTBOX)
    .where(OUTBOX.c.id == sa.bindparam("row"))
    .values(published_at=sa.func.clock_timestamp(), entry_id=sa.bindparam("entry"))
)
_MARK_PENDING = (
    sa.update(OUTBOX).where(OUTBOX.c.id == sa.bindparam("row")).values(published_at=None, entry_id=None)
)
