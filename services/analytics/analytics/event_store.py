"""Events of the platform, into the database."""

from datetime import UTC

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
        """Store an event. One that is delivered again changes nothing."""
        values = event.model_dump()
        if event.time.tzinfo is None:
            values["time"] = event.time.replace(tzinfo=UTC)
        statement = (
            insert(EventSeen)
            .values(**values)
            .on_conflict_do_nothing(index_elements=[EventSeen.id])
            .returning(EventSeen.id)
        )
        async with self._database.session() as session:
            stored = await session.scalar(statement)
            await session.commit()
        EVENTS_STORED.labels("stored" if stored else "duplicate").inc()
