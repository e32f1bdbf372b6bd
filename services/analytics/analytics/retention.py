"""Deletes old events and reports."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from analytics.models import EventSeen, Report
from analytics.settings import Settings
from assistants_common.background import in_background
from assistants_common.database import Database

logger = logging.getLogger(__name__)

ROWS_FORGOTTEN = Counter("analytics_rows_forgotten_total", "Rows deleted because of their age.", ["table"])

BATCH = 500
_PAUSE_SECONDS = 0.05
LOCK = 0x72_65_74_65
"""Of the advisory lock: who has it deletes."""


class Retention:
    """Deletes in small transactions, so that no request waits long for it.

    Each transaction takes a lock, so that only one replica deletes at a time.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def running(self) -> AbstractAsyncContextManager[None]:
        """Sweep in the background while the context lasts."""
        return in_background(self._run(), "retention")

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
            except (SQLAlchemyError, OSError):
                logger.exception("what is too old could not be deleted, it will be tried again")
            await asyncio.sleep(self._settings.retention_interval_seconds)

    async def sweep(self) -> None:
        """Delete everything past its retention time."""
        now, days = datetime.now(UTC), self._settings
        await self._forget(Report, Report.created_at < now - timedelta(days=days.report_retention_days))
        await self._forget(EventSeen, EventSeen.time < now - timedelta(days=days.event_retention_days))

    async def _forget(self, table: type[Report | EventSeen], too_old: ColumnElement[bool]) -> None:
        deleted = BATCH
        while deleted == BATCH:
            deleted = await self._forget_batch(table, too_old)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _forget_batch(self, table: type[Report | EventSeen], too_old: ColumnElement[bool]) -> int:
        """Delete a batch; returns its size, or 0 while another replica deletes."""
        async with self._database.session() as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
                return 0
            batch = select(table.id).where(too_old).limit(BATCH)
            deleted = (
                await session.scalars(delete(table).where(table.id.in_(batch)).returning(table.id))
            ).all()
            await session.commit()
        ROWS_FORGOTTEN.labels(table.__tablename__).inc(len(deleted))
        return len(deleted)
