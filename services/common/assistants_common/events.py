"""Events between the services, through one Redis Stream."""

import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from prometheus_client import Counter
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.context import request_id_var

logger = logging.getLogger(__name__)

STREAM = "events"
FIELD = "event"
MAX_LENGTH = 10_000
"""Entries that the outboxes let the stream have. What they hold back waits in their databases."""
_LONGEST = 2 * MAX_LENGTH
"""What is published without an outbox may be lost. It must not push out what has one."""
EVENTS_PUBLISHED = Counter("events_published_total", "Events published.", ["type", "outcome"])


class Event(BaseModel):
    """Something that happened in a service."""

    id: UUID = Field(default_factory=uuid4)
    type: str = Field(min_length=1, max_length=100)
    source: str
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    user_id: UUID | None = None
    request_id: str | None = None
    """The request during which it happened, when there was one."""
    data: dict[str, Any] = Field(default_factory=dict)


class EventPublisher:
    """Publishes the events of one service."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._redis = redis
        self._source = source

    async def publish(self, type_: str, data: dict[str, Any], user_id: UUID | None = None) -> Event:
        """Append an event; raises when Redis does not accept it."""
        event = Event(
            type=type_,
            source=self._source,
            user_id=user_id,
            request_id=request_id_var.get(),
            data=data,
        )
        document = event.model_dump_json(exclude_none=True)
        try:
            await self._redis.xadd(STREAM, {FIELD: document}, maxlen=_LONGEST, approximate=True)
        except RedisError:
            EVENTS_PUBLISHED.labels(type_, "failed").inc()
            raise
        EVENTS_PUBLISHED.labels(type_, "published").inc()
        return event

    async def notify(self, type_: str, data: dict[str, Any], user_id: UUID | None = None) -> bool:
        """Publish an event that the request does not depend on: log and count a failure instead of raising
        it.
        """
        try:
            await self.publish(type_, data, user_id)
        except RedisError:
            logger.exception("event not published", extra={"event_type": type_})
            return False
        return True
