"""Deletes expired rows, a bounded number at a time."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from assistants_common.background import in_background
from assistants_common.database import Database
from user_management.models import Base, OneTimeToken, RefreshToken, Session
from user_management.settings import Settings

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 600
BATCH = 1000
# Longer than the lifetime of any access token, so that its session can still be revoked.
_SPARE = timedelta(days=2)


def cleaning(database: Database, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Clean up at intervals while the context lasts."""
    return in_background(_run(database, settings), "cleanup")


async def _run(database: Database, settings: Settings) -> None:
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        try:
            async with database.session() as session:
                deleted = await clean(session, settings)
        except (SQLAlchemyError, OSError):
            logger.exception("expired tokens not deleted, it will be tried again")
        else:
            logger.info("expired tokens deleted", extra={"rows": deleted})


async def clean(session: AsyncSession, settings: Settings) -> int:
    """Delete up to BATCH rows of each kind; returns their number. Skips rows that another replica deletes."""
    now = datetime.now(UTC)
    idle = now - timedelta(days=settings.refresh_token_days) - _SPARE
    counts = [
        await _delete(session, OneTimeToken, OneTimeToken.token_hash, OneTimeToken.expires_at < now),
        await _delete(session, RefreshToken, RefreshToken.token_hash, RefreshToken.expires_at < now - _SPARE),
        await _delete(session, Session, Session.id, Session.refreshed_at < idle),
    ]
    return sum(counts)


async def _delete(
    session: AsyncSession, table: type[Base], key: InstrumentedAttribute[Any], expired: ColumnElement[bool]
) -> int:
    rows = select(key).where(expired).limit(BATCH).with_for_update(skip_locked=True)
    deleted = await session.execute(delete(table).where(key.in_(rows)).returning(key))
    count = len(deleted.all())
    await session.commit()
    return count
