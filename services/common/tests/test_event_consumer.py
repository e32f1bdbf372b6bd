import asyncio

import pytest

from assistants_common.event_consumer import MAX_DELIVERIES, EventConsumer
from assistants_common.events import Event
from assistants_common.resources import Resources
from assistants_testing.waiting import patience, until


@pytest.fixture(autouse=True)
async def _empty(resources: Resources) -> None:
    await resources.redis.flushdb()


async def pending(resources: Resources) -> int:
    summary = await resources.redis.xpending("events", "reader")
    return int(summary["pending"])


async def test_events_from_before_and_after_the_start_are_handled(resources: Resources) -> None:
    seen: list[Event] = []

    async def handle(event: Event) -> None:
        seen.append(event)

    first = await resources.events.publish("sample.one", {"n": 1})
    async with EventConsumer(resources.redis, "reader", handle, block_ms=50).running():
        await until(lambda: len(seen) == 1)
        second = await resources.events.publish("sample.two", {})
        await until(lambda: len(seen) == 2)
    assert seen == [first, second]
    assert await pending(resources) == 0


async def test_a_failed_event_is_tried_again_and_given_up_in_the_end(resources: Resources) -> None:
    attempts: list[Event] = []

    async def fail(event: Event) -> None:
        attempts.append(event)
        raise ValueError("not today")

    consumer = EventConsumer(resources.redis, "reader", fail, retry_after_ms=1, block_ms=10)
    await resources.events.publish("sample.bad", {})
    async with consumer.running():
        await until(lambda: len(attempts) == MAX_DELIVERIES)
        async with patience():
            while await pending(resources):
                await asyncio.sleep(0.01)
    assert len(attempts) == MAX_DELIVERIES
    assert await pending(resources) == 0


async def test_what_is_not_an_event_does_not_stop_the_rest(resources: Resources) -> None:
    seen: list[str] = []

    async def handle(event: Event) -> None:
        seen.append(event.type)

    await resources.redis.xadd("events", {"event": "{broken"})
    await resources.redis.xadd("events", {"other": "field"})
    await resources.events.publish("sample.good", {})
    async with EventConsumer(resources.redis, "reader", handle, block_ms=50).running():
        await until(lambda: seen == ["sample.good"])
    assert await pending(resources) == 0


async def test_a_lost_stream_is_taken_up_again(resources: Resources) -> None:
    seen: list[str] = []

    async def handle(event: Event) -> None:
        seen.append(event.type)

    async with EventConsumer(resources.redis, "reader", handle, block_ms=50).running():
        await resources.events.publish("sample.before", {})
        await until(lambda: seen == ["sample.before"])
        await resources.redis.flushdb()
        await resources.events.publish("sample.after", {})
        await until(lambda: seen == ["sample.before", "sample.after"])
