"""Redis and PostgreSQL go away while events are consumed: none is lost, none counts twice."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select

from analytics.models import EventSeen
from assistants_common.events import FIELD, STREAM, Event
from assistants_common.resources import Resources
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer
from assistants_testing.waiting import patience, until

pytestmark = pytest.mark.slow

BATCH = 30


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own events."""


async def publish(resources: Resources, events: list[Event]) -> None:
    for event in events:
        await resources.redis.xadd(STREAM, {FIELD: event.model_dump_json()})


def make_events(count: int = BATCH) -> list[Event]:
    return [Event(type="ai.usage", source="test", data={"input_tokens": 1}) for _ in range(count)]


async def stored(resources: Resources) -> list[UUID]:
    async with resources.require_database().session() as session:
        return list(await session.scalars(select(EventSeen.id)))


async def until_all_are_stored(resources: Resources, events: list[Event]) -> None:
    expected = sorted(event.id for event in events)
    async with patience():
        while sorted(await stored(resources)) != expected:
            await asyncio.sleep(0.05)
    async with patience():
        while (await resources.redis.xpending(STREAM, "analytics"))["pending"]:
            await asyncio.sleep(0.05)


async def test_redis_away_and_back(resources: Resources, redis_server: RedisServer) -> None:
    before, after = make_events(), make_events()
    await publish(resources, before)
    await until_all_are_stored(resources, before)
    await asyncio.to_thread(redis_server.restart)
    await publish(resources, after)
    await until_all_are_stored(resources, before + after)


async def test_redis_comes_back_empty_and_everything_is_published_again(
    resources: Resources, redis_server: RedisServer
) -> None:
    events, new = make_events(), make_events()
    await publish(resources, events)
    await until_all_are_stored(resources, events)
    await asyncio.to_thread(redis_server.restart, keep_data=False)
    await publish(resources, events + new)
    await until_all_are_stored(resources, events + new)


@pytest.mark.parametrize("crash", [False, True])
async def test_postgresql_restarted_while_events_are_consumed(
    resources: Resources, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture, crash: bool
) -> None:
    events = make_events(10 * BATCH)

    async def keep_publishing() -> None:
        for start in range(0, len(events), BATCH):
            await publish(resources, events[start : start + BATCH])
            await asyncio.sleep(0.05)

    publishing = asyncio.create_task(keep_publishing())
    await asyncio.to_thread(postgres_server.stop, crash=crash)
    await until(lambda: "event waits" in caplog.text)
    await asyncio.to_thread(postgres_server.start)
    await publishing
    await until_all_are_stored(resources, events)
    async with resources.require_database().session() as session:
        assert await session.scalar(select(func.count()).select_from(EventSeen)) == len(events)
