"""Every event is in the stream once, although Redis fails."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from assistants_common.app import create_app
from assistants_common.event_consumer import EventConsumer
from assistants_common.event_stream import StreamState, observe
from assistants_common.events import STREAM, Event
from assistants_common.outbox import record_event
from assistants_common.outbox_relay import OutboxRelay
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings
from assistants_testing.plugin import PublishedEvents, running
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer
from assistants_testing.waiting import patience, until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clean_tables")]

POLL = 0.05


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


@pytest.fixture(scope="module")
async def app(settings: DatabaseSettings) -> AsyncIterator[FastAPI]:
    """An application without a relay: the tests run their own, which does not pause."""
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])
    async with running(application):
        yield application


@pytest.fixture
async def relay(resources: Resources, settings: DatabaseSettings, clean_tables: None) -> AsyncIterator[None]:
    async with OutboxRelay(resources.require_database(), settings, POLL).running():
        yield


async def record(resources: Resources, numbers: Iterable[int]) -> None:
    async with resources.require_database().session() as session:
        for number in numbers:
            await record_event(session, "sample", "sample.done", {"n": number})
        await session.commit()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Awaitable[None]]:
    """`await rounds()`: until the relay has begun another round, whatever it finds then."""
    begun = 0

    async def counted(redis: Redis, expected: Collection[str]) -> StreamState:
        nonlocal begun
        begun += 1
        return await observe(redis, expected)

    async def another() -> None:
        goal = begun + 2
        await until(lambda: begun >= goal)

    monkeypatch.setattr("assistants_common.outbox_relay.observe", counted)
    return another


def numbers_of(events: list[dict[str, Any]]) -> list[int]:
    return [event["data"]["n"] for event in events]


@asynccontextmanager
async def consuming(resources: Resources) -> AsyncIterator[Counter[int]]:
    """A consumer that handles an event id once; yields how often each number took effect."""
    effects: Counter[int] = Counter()
    seen: set[object] = set()

    async def handle(event: Event) -> None:
        if event.id not in seen:
            seen.add(event.id)
            effects[event.data["n"]] += 1

    consumer = EventConsumer(resources.redis, "reader", handle, block_ms=50, pause_seconds=POLL)
    async with consumer.running():
        yield effects


async def until_all(effects: Counter[int], count: int) -> None:
    async with patience():
        while len(effects) < count:
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("relay")
@pytest.mark.parametrize("comes_back", ["as it was", "older", "empty"])
async def test_redis_goes_away_and_comes_back(
    resources: Resources, redis_server: RedisServer, published_events: PublishedEvents, comes_back: str
) -> None:
    async with consuming(resources) as effects:
        await record(resources, range(20))
        await published_events()
        if comes_back == "older":
            redis_server.save()
        await record(resources, range(20, 40))
        await published_events()
        if comes_back == "as it was":
            redis_server.save()
        redis_server.stop()
        await record(resources, range(40, 60))
        await until(lambda: REGISTRY.get_sample_value("outbox_pending") == 20)
        redis_server.start()
        await until_all(effects, 60)
    assert set(effects.values()) == {1}


@pytest.mark.usefixtures("relay")
async def test_a_redis_that_comes_back_empty_gets_events_while_nothing_new_happens(
    resources: Resources, redis_server: RedisServer, published_events: PublishedEvents
) -> None:
    await record(resources, range(5))
    assert numbers_of(await published_events()) == list(range(5))
    redis_server.restart(keep_data=False)
    await resources.events.publish("other.event", {"n": -1})
    async with patience():
        while len(await published_events()) < 6:
            await asyncio.sleep(POLL)
    assert sorted(numbers_of(await published_events())) == [-1, 0, 1, 2, 3, 4]


@pytest.mark.usefixtures("relay")
async def test_a_stream_that_is_dropped_is_filled_again(
    resources: Resources, published_events: PublishedEvents, rounds: Callable[[], Awaitable[None]]
) -> None:
    await record(resources, range(5))
    await published_events()
    await rounds()
    # Another client publishes first, so that the ids of the stream are not behind the table's.
    pipeline = resources.redis.pipeline(transaction=True)
    pipeline.delete(STREAM)
    pipeline.xadd(STREAM, {"event": '{"data": {"n": -1}}'})
    await pipeline.execute()
    async with patience():
        while len(await published_events()) < 6:
            await asyncio.sleep(POLL)
    assert numbers_of(await published_events()) == [-1, 0, 1, 2, 3, 4]


@pytest.mark.usefixtures("relay")
async def test_waiting_events_can_be_seen(
    resources: Resources,
    redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
    published_events: PublishedEvents,
) -> None:
    redis_server.stop()
    await record(resources, range(7))
    async with patience():
        while REGISTRY.get_sample_value("outbox_pending") != 7:
            await asyncio.sleep(POLL)
    await until(lambda: (REGISTRY.get_sample_value("outbox_oldest_pending_seconds") or 0) >= 4 * POLL)
    assert caplog.text.count("events cannot be published") == 1
    redis_server.start()
    assert numbers_of(await published_events()) == list(range(7))
    async with patience():
        while REGISTRY.get_sample_value("outbox_oldest_pending_seconds") != 0:
            await asyncio.sleep(POLL)


class CuttingProxy:
    """Stands before Redis and, `cuts` times, keeps the answer to a transaction and closes the connection."""

    def __init__(self, target: int, cuts: int) -> None:
        self._target = target
        self.cuts = cuts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            while data := await reader.read(65536):
                upstream_writer.write(data)
                answer = await upstream_reader.read(65536)
                if b"EXEC" in data and self.cuts > 0:
                    self.cuts -= 1
                    return
                writer.write(answer)
                await writer.drain()
        finally:
            upstream_writer.close()
            writer.close()


async def test_a_lost_answer_does_not_double_events(
    resources: Resources,
    settings: DatabaseSettings,
    redis_server: RedisServer,
    published_events: PublishedEvents,
) -> None:
    proxy = CuttingProxy(redis_server.port, cuts=2)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        through_proxy = settings.model_copy(update={"redis_port": port})
        await record(resources, range(10))
        async with OutboxRelay(resources.require_database(), through_proxy, POLL).running():
            assert numbers_of(await published_events()) == list(range(10))
            await record(resources, range(10, 20))
            assert numbers_of(await published_events()) == list(range(20))
    assert proxy.cuts == 0


@pytest.mark.usefixtures("relay")
async def test_the_relay_survives_a_restart_of_the_database(
    resources: Resources,
    postgres_server: PostgresServer,
    published_events: PublishedEvents,
    rounds: Callable[[], Awaitable[None]],
) -> None:
    await record(resources, range(5))
    await published_events()
    await asyncio.to_thread(postgres_server.restart, crash=True)
    await rounds()
    await record(resources, range(5, 10))
    assert numbers_of(await published_events()) == list(range(10))


@pytest.mark.usefixtures("relay")
async def test_nothing_is_lost_or_doubled_while_redis_fails_under_load(
    resources: Resources, redis_server: RedisServer
) -> None:
    recorded = 0
    stop = asyncio.Event()

    async def write() -> None:
        nonlocal recorded
        while not stop.is_set():
            first, recorded = recorded, recorded + 3
            await record(resources, range(first, first + 3))
            await asyncio.sleep(0.005)

    async def more_are_recorded() -> None:
        goal = recorded + 30
        await until(lambda: recorded >= goal)

    async with consuming(resources) as effects, asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(write())
        for keep_data in (True, False, True, False):
            await more_are_recorded()
            redis_server.save()
            await more_are_recorded()
            await asyncio.to_thread(redis_server.stop)
            await more_are_recorded()
            if not keep_data:
                await asyncio.to_thread(redis_server.start)
                await asyncio.to_thread(redis_server.restart, keep_data=False)
            await asyncio.to_thread(redis_server.start)
        stop.set()
        await until_all(effects, recorded)
    assert effects == dict.fromkeys(range(recorded), 1)


async def test_an_entry_that_is_no_event_does_not_disturb_the_comparison(
    resources: Resources, settings: DatabaseSettings, published_events: PublishedEvents
) -> None:
    broken: list[Any] = [{"event": "{broken"}, {"other": "x"}, {"event": "[1]"}]
    for fields in broken:
        await resources.redis.xadd(STREAM, fields)
    await record(resources, range(3))
    async with OutboxRelay(resources.require_database(), settings, POLL).running(), patience():
        while await resources.redis.xlen(STREAM) < 6:
            await asyncio.sleep(POLL)
    async with resources.require_database().session() as session:
        statement = sa.text("SELECT count(*) FROM outbox WHERE entry_id IS NOT NULL")
        assert await session.scalar(statement) == 3
