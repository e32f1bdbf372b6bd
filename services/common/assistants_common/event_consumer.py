"""Reads the events of other services, each at least once; the replicas of a service share the work."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, cast

from prometheus_client import Counter
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from assistants_common.background import in_background
from assistants_common.events import FIELD, STREAM, Event
from assistants_common.problems import is_unavailable

logger = logging.getLogger(__name__)

EVENTS_CONSUMED = Counter("events_consumed_total", "Events read from other services.", ["type", "outcome"])
for _outcome in ("dropped", "invalid"):  # so that the first one is an increase
    EVENTS_CONSUMED.labels("unknown", _outcome)
MAX_DELIVERIES = 5
_BATCH = 50
_BLOCK_MS = 5000
_LONGEST_PAUSE = 30.0
_LONGEST_HOLD = 600.0
_FORMER_MS = 24 * 3600 * 1000

Handler = Callable[[Event], Awaitable[None]]
_Entry = tuple[str, Mapping[str, str]]


class EventConsumer:
    """Passes events to a handler, which must be idempotent.

    When the handler fails, any replica retries the event after `retry_after_ms`. After MAX_DELIVERIES
    attempts the consumer drops the event and logs an error. A failure because the database is unreachable
    does not count as an attempt: the consumer keeps the event and waits.
    """

    def __init__(
        self,
        redis: Redis,
        service: str,
        handler: Handler,
        *,
        retry_after_ms: int = 60_000,
        block_ms: int = _BLOCK_MS,
        pause_seconds: float = 0.5,
    ) -> None:
        self._redis = redis
        self._group = service
        self._name = socket.gethostname()
        self._handler = handler
        self._retry_after_ms = retry_after_ms
        self._block_ms = block_ms
        self._pause_seconds = pause_seconds

    def running(self) -> AbstractAsyncContextManager[None]:
        """Consume in the background for as long as the context lasts; for a service's lifespan."""
        return in_background(self.run(), "event-consumer")

    async def run(self) -> None:
        """Consume until cancelled. While Redis is away, retry at growing intervals."""
        pause = self._pause_seconds
        while True:
            try:
                await self._prepare()
                while True:
                    await self.consume_once()
                    pause = self._pause_seconds
            except RedisError:
                logger.exception("events cannot be read", extra={"pause_seconds": pause})
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def consume_once(self) -> None:
        """One round: first the events that other replicas left unfinished, then new events."""
        claimed: Any = await self._redis.xautoclaim(
            STREAM, self._group, self._name, min_idle_time=self._retry_after_ms, count=_BATCH
        )
        for entry in cast(Sequence[_Entry], claimed[1]):
            await self._retry(entry)
        answer: Any = await self._redis.xreadgroup(
            self._group, self._name, {STREAM: ">"}, count=_BATCH, block=self._block_ms
        )
        for entry in _entries(answer):
            await self._handle(entry)

    async def _prepare(self) -> None:
        await self._create_group()
        await self._remove_former_consumers()

    async def _remove_former_consumers(self) -> None:
        """Each replica has its own consumer name, which Redis would keep for ever: delete consumers without
        pending events.
        """
        consumers: Any = await self._redis.xinfo_consumers(STREAM, self._group)
        for consumer in consumers:
            if consumer["idle"] > _FORMER_MS and not consumer["pending"]:
                await self._redis.xgroup_delconsumer(STREAM, self._group, consumer["name"])

    async def _create_group(self) -> None:
        try:
            await self._redis.xgroup_create(STREAM, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _retry(self, entry: _Entry) -> None:
        pending: Any = await self._redis.xpending_range(STREAM, self._group, entry[0], entry[0], 1)
        if pending and pending[0]["times_delivered"] > MAX_DELIVERIES:
            logger.error("event given up", extra={"entry": entry[0]})
            EVENTS_CONSUMED.labels("unknown", "dropped").inc()
            await self._acknowledge(entry)
        else:
            await self._handle(entry)

    async def _handle(self, entry: _Entry) -> None:
        try:
            event = Event.model_validate_json(entry[1].get(FIELD, ""))
        except ValidationError:
            logger.exception("not an event", extra={"entry": entry[0]})
            EVENTS_CONSUMED.labels("unknown", "invalid").inc()
            await self._acknowledge(entry)
            return
        try:
            await self._call_handler(entry, event)
        except Exception:
            logger.exception("event not handled, it will be tried again", extra={"event_type": event.type})
            EVENTS_CONSUMED.labels(event.type, "failed").inc()
            return
        EVENTS_CONSUMED.labels(event.type, "handled").inc()
        await self._acknowledge(entry)

    async def _call_handler(self, entry: _Entry, event: Event) -> None:
        """Call the handler; repeat the call while a dependency of it is away."""
        pause, deadline = self._pause_seconds, monotonic() + _LONGEST_HOLD
        while True:
            try:
                await self._handler(event)
            except Exception as error:
                if not is_unavailable(error) or monotonic() > deadline:
                    raise
                extra = {"event_type": event.type, "error": repr(error), "pause_seconds": pause}
                logger.warning("event waits", extra=extra)
            else:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            await self._hold(entry)

    async def _hold(self, entry: _Entry) -> None:
        """Keep the claim of this replica to the entry. This does not count as a delivery."""
        await self._redis.xclaim(
            STREAM, self._group, self._name, min_idle_time=0, message_ids=[entry[0]], justid=True
        )

    async def _acknowledge(self, entry: _Entry) -> None:
        await self._redis.xack(STREAM, self._group, entry[0])


def _entries(answer: Any) -> Sequence[_Entry]:  # noqa: ANN401 - the client's type depends on the protocol
    """The entries of the one stream asked for: a list of pairs in protocol 2, a mapping in protocol 3."""
    if not answer:
        return []
    if isinstance(answer, Mapping):
        return cast(Sequence[_Entry], [entry for batch in answer[STREAM] for entry in batch])
    return cast(Sequence[_Entry], answer[0][1])
