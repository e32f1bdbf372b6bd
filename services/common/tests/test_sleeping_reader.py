"""A reader gets every event once after an absence with more events than the stream can hold."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from assistants_common import event_stream, outbox_relay
from assistants_common.app import create_app
from assistants_common.event_consumer import EventConsumer
from assistants_common.events import FIELD, STREAM, Event
from assistants_common.outbox import OUTBOX, record_event
from assistants_common.outbox_relay import OutboxRelay
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings
from assistants_testing.plugin import running
from assistants_testing.redis import RedisServer

pytestmark = pytest.mark.usefixtures("clean_tables")

EVENTS = int(os.environ.get("EVENTS_WHILE_ASLEEP", "1200"))
"""`EVENTS_WHILE_ASLEEP=50000` is the full size."""
ROOM = max(EVENTS // 5, 200)
PATIENCE = max(60, EVENTS // 50)
POLL = 0.05


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


@pytest.fixture(scope="module")
async def app(settings: DatabaseSettings) -> AsyncIterator[FastAPI]:
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])
    async with running(application):
        yield application


@pytest.fixture(autouse=True)
def small_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_relay, "MAX_LENGTH", ROOM)
    monkeypatch.setattr(event_stream, "HISTORY", ROOM // 2)


@pytest.fixture
async def relay(
    resources: Resources,
    settings: DatabaseSettings,
    clean_tables: None,
) -> AsyncIterator[None]:
    """After the tables are clean: it expects the groups it has seen to come back."""
    async with OutboxRelay(resources.require_database(), settings, POLL).running():
        yield


class Reader:
    """Handles an event id once, as the services do; `effects` says how often each number took effect."""

    def __init__(self, resources: Resources, group: str) -> None:
        self.effects: Counter[int] = Counter()
        self._seen: set[object] = set()
        self.consumer = EventConsumer(resources.redis, group, self._handle, block_ms=50, pause_seconds=POLL)

    async def _handle(self, event: Event) -> None:
        if event.id not in self._seen and "n" in event.data:
            self._seen.add(event.id)
            self.effects[event.data["n"]] += 1

    async def has(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.effects) < count:
                await asyncio.sleep(POLL)
        assert self.effects == dict.fromkeys(range(count), 1)


async def asleep(resources: Resources, group: str) -> None:
    """A reader that has read before and is now away."""
    await resources.redis.xgroup_create(STREAM, group, id="0", mkstream=True)


async def record(resources: Resources, numbers: Iterable[int]) -> None:
    async with resources.require_database().session() as session:
        for number in numbers:
            await record_event(session, "sample", "sample.done", {"n": number})
        await session.commit()


async def rows(resources: Resources) -> int:
    async with resources.require_database().session() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0


async def until_rows(resources: Resources, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await rows(resources) != count:
            await asyncio.sleep(POLL)


async def until_published(resources: Resources, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await resources.redis.xlen(STREAM) < count:
            await asyncio.sleep(POLL)


async def push_out(resources: Resources, length: int) -> None:
    """Trim the stream like a publisher that ignores its readers."""
    pipeline = resources.redis.pipeline(transaction=False)
    for _ in range(length + 300):
        pipeline.xadd(STREAM, {FIELD: '{"type": "a.b", "source": "c"}'}, maxlen=length, approximate=True)
    await pipeline.execute()


@pytest.mark.usefixtures("relay")
async def test_all_events_of_the_time_a_reader_slept_are_there_once_each(resources: Resources) -> None:
    awake = Reader(resources, "awake")
    await asleep(resources, "sleeper")
    async with awake.consumer.running():
        for start in range(0, EVENTS, 500):
            await record(resources, range(start, min(start + 500, EVENTS)))
        await until_published(resources, ROOM)
        assert await resources.redis.xlen(STREAM) == ROOM
        assert await rows(resources) == EVENTS
        sleeper = Reader(resources, "sleeper")
        async with sleeper.consumer.running():
            await sleeper.has(EVENTS)
            await awake.has(EVENTS)
            await until_rows(resources, 0)
    assert await resources.redis.xlen(STREAM) <= ROOM


@pytest.mark.usefixtures("relay")
async def test_what_was_pushed_out_unread_comes_again(
    resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    await asleep(resources, "sleeper")
    await record(resources, range(20))
    await until_published(resources, 20)
    await push_out(resources, ROOM)
    sleeper = Reader(resources, "sleeper")
    async with sleeper.consumer.running():
        await sleeper.has(20)
        await until_rows(resources, 0)
    assert caplog.text.count("left the stream before every reader had them") == 1


@pytest.mark.usefixtures("relay")
async def test_what_was_pushed_out_while_a_reader_had_it_in_hand_comes_again(resources: Resources) -> None:
    """The reader died after reading and before acknowledging."""
    await asleep(resources, "sleeper")
    await record(resources, range(20))
    await until_published(resources, 20)
    await resources.redis.xreadgroup("sleeper", "died", {STREAM: ">"}, count=20)
    await push_out(resources, ROOM)
    sleeper = Reader(resources, "sleeper")
    async with sleeper.consumer.running():
        await sleeper.has(20)
        await until_rows(resources, 0)


@pytest.mark.usefixtures("relay")
async def test_one_reader_s_acknowledgement_is_not_the_others(resources: Resources) -> None:
    await asleep(resources, "sleeper")
    awake = Reader(resources, "awake")
    async with awake.consumer.running():
        await record(resources, range(20))
        await awake.has(20)
        await asyncio.sleep(5 * POLL)
        assert await rows(resources) == 20


@pytest.mark.usefixtures("relay")
async def test_without_readers_nothing_counts_as_delivered(resources: Resources) -> None:
    await record(resources, range(20))
    await until_published(resources, 20)
    await asyncio.sleep(5 * POLL)
    assert await rows(resources) == 20


@pytest.mark.usefixtures("relay")
async def test_a_reader_whose_group_redis_lost_has_acknowledged_nothing_new(
    resources: Resources, redis_server: RedisServer
) -> None:
    """The other reader comes back first, and its acknowledgements must not count for both."""
    await asleep(resources, "sleeper")
    await until_seen(resources)
    await asyncio.to_thread(redis_server.restart, keep_data=False)
    awake = Reader(resources, "awake")
    async with awake.consumer.running():
        await record(resources, range(20))
        await awake.has(20)
        await asyncio.sleep(5 * POLL)
        assert await rows(resources) == 20
        await asyncio.to_thread(redis_server.restart, keep_data=False)
        sleeper = Reader(resources, "sleeper")
        async with sleeper.consumer.running():
            await sleeper.has(20)
            await until_rows(resources, 0)


async def until_seen(resources: Resources) -> None:
    """The relay looks at the groups before it publishes what was recorded after they were made."""
    await record(resources, [-1])
    await until_published(resources, 1)
    async with resources.require_database().session() as session:
        await session.execute(sa.delete(OUTBOX))
        await session.commit()
