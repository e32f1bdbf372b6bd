import asyncio
import json
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from analytics.event_store import EventStore
from analytics.models import Base, EventSeen
from assistants_common.events import Event
from assistants_common.resources import Resources
from assistants_testing.schema import schema_differences
from assistants_testing.waiting import patience


@pytest.fixture
def store(resources: Resources) -> EventStore:
    return EventStore(resources.require_database())


async def find(resources: Resources, event: Event) -> EventSeen | None:
    async with resources.require_database().session() as session:
        return await session.get(EventSeen, event.id)


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []


async def test_published_events_reach_the_table_once(resources: Resources) -> None:
    user_id = uuid4()
    event = await resources.events.publish("ai.usage", {"model": "gpt-4", "input_tokens": 3}, user_id)
    await resources.redis.xadd("events", {"event": event.model_dump_json()})
    last = await resources.events.publish("something.new", {"nested": {"list": [1, None]}})
    async with patience():
        while await find(resources, last) is None:
            await asyncio.sleep(0.02)
    seen = await find(resources, event)
    assert seen is not None
    assert (seen.type, seen.source, seen.user_id) == ("ai.usage", "analytics", user_id)
    assert (seen.time, seen.data) == (event.time, event.data)
    async with resources.require_database().session() as session:
        assert await session.scalar(select(func.count()).select_from(EventSeen)) == 2
    async with patience():
        while (await resources.redis.xpending("events", "analytics"))["pending"]:
            await asyncio.sleep(0.02)


async def test_the_first_delivery_wins(resources: Resources, store: EventStore) -> None:
    name = "analytics_events_stored_total"
    before = REGISTRY.get_sample_value(name, {"outcome": "duplicate"}) or 0
    event = Event(type="user.login", source="test", data={"n": 1})
    await asyncio.gather(*(store.add(event) for _ in range(3)))
    await store.add(event.model_copy(update={"data": {"n": 2}}))
    seen = await find(resources, event)
    assert seen is not None
    assert seen.data == {"n": 1}
    assert REGISTRY.get_sample_value(name, {"outcome": "duplicate"}) == before + 3


async def test_a_time_without_zone_is_in_utc(resources: Resources, store: EventStore) -> None:
    document = {"type": "user.login", "source": "test", "time": "2025-03-01T23:30:00"}
    event = Event.model_validate_json(json.dumps(document))
    await store.add(event)
    seen = await find(resources, event)
    assert seen is not None
    assert seen.time.isoformat() == "2025-03-01T23:30:00+00:00"


async def test_what_postgresql_cannot_hold_does_not_stop_an_event(
    resources: Resources, store: EventStore
) -> None:
    document = (
        '{"type": "ai.\\u0000usage", "source": "x\\u0000", "data":'
        ' {"a\\u0000": ["\\u0000b", {"c": NaN, "d": 1e999, "e": 1.5, "f": true}]}}'
    )
    event = Event.model_validate_json(document)
    await store.add(event)
    seen = await find(resources, event)
    assert seen is not None
    assert (seen.type, seen.source) == ("ai.usage", "x")
    assert seen.data == {"a": ["b", {"c": None, "d": None, "e": 1.5, "f": True}]}
