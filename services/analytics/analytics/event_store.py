"""Stores the platform's events in the database."""

import math
from datetime import UTC
from typing import Any

from prometheus_client import Counter
from sqlalchemy.dialects.postgresql import insert

from analytics.models import EventSeen
from assistants_common.database import Database
from assistants_common.events import Event

EVENTS_STORED = Counter("analytics_events_stored_total", "Events written to the database.", ["outcome"])


class EventStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, event: Event) -> None:
        """Store an event. A repeated delivery changes nothing."""
        statement = (
            insert(EventSeen)
            .values(
                id=event.id,
                type=_storable(event.type),
                source=_storable(event.source),
                time=event.time if event.time.tzinfo else event.time.replace(tzinfo=UTC),
                user_id=event.user_id,
                data=_storable(event.data),
            )
            .on_conflict_do_nothing(index_elements=[EventSeen.id])
            .returning(EventSeen.id)
        )
        async with self._database.session() as session:
            stored = await session.scalar(statement)
            await session.commit()
        EVENTS_STORED.labels("stored" if stored else "duplicate").inc()


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Without what JSON allows and PostgreSQL does not: NUL characters, and numbers that are none."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
