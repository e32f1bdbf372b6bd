"""Deletes conversations without a new message for AI_RETENTION_DAYS."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from prometheus_client import Counter
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from ai_assistant.models import Conversation
from assistants_common.background import in_background
from assistants_common.database import Database
from assistants_common.problems import UNAVAILABLE

logger = logging.getLogger(__name__)

DELETED = Counter("ai_conversations_expired_total", "Conversations deleted for their age.")

BATCH = 100
_LOCK = 0x61_69_72_74
_EVERY_SECONDS = 3600
_PAUSE_SECONDS = 0.2
_FAILURES: tuple[type[Exception], ...] = (SQLAlchemyError, *UNAVAILABLE)


class Retention:
    def __init__(self, database: Database, days: int, batch: int = BATCH) -> None:
        self._database = database
        self._age = timedelta(days=days)
        self._batch = batch

    def running(self) -> AbstractAsyncContextManager[None]:
        """Delete in the background while the context lasts."""
        return in_background(self._run(), "retention")

    async def _run(self) -> None:
        while True:
            try:
                while await self.delete_batch() == self._batch:  # noqa: ASYNC110 - each round is work
                    await asyncio.sleep(_PAUSE_SECONDS)
            except _FAILURES:
                logger.exception("old conversations were not deleted")
            await asyncio.sleep(_EVERY_SECONDS)

    async def delete_batch(self) -> int:
        """Delete some of the oldest conversations in a short transaction; returns their number.

        Returns 0 while another replica deletes.
        """
        old = (
            select(Conversation.id)
            .where(Conversation.updated_at < func.now() - self._age)
            .order_by(Conversation.updated_at)
            .limit(self._batch)
            .with_for_update(skip_locked=True)
        )
        async with self._database.session() as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
                return 0
            ids = (await session.scalars(old)).all()
            await session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
            await session.commit()
        if ids:
            DELETED.inc(len(ids))
            logger.info("old conversations deleted", extra={"conversations": len(ids)})
        return len(ids)
