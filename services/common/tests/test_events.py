from uuid import uuid4

import pytest
from redis.exceptions import RedisError

from assistants_common.cache import build_redis, redis_key
from assistants_common.events import MAX_LENGTH, EventPublisher
from assistants_common.resources import Resources
from assistants_common.settings import ServiceSettings
from assistants_testing.plugin import PublishedEvents
from assistants_testing.processes import free_port


async def test_an_event_is_published_with_its_members(
    resources: Resources, published_events: PublishedEvents
) -> None:
    user_id = uuid4()
    event = await resources.events.publish("sample.done", {"n": 1}, user_id)
    assert await resources.events.notify("sample.other", {})
    first, second = await published_events()
    assert first.pop("time").endswith("Z")
    assert first == {
        "id": str(event.id),
        "type": "sample.done",
        "source": "sample",
        "user_id": str(user_id),
        "data": {"n": 1},
    }
    assert "user_id" not in second


async def test_the_stream_is_trimmed(resources: Resources) -> None:
    pipeline = resources.redis.pipeline(transaction=False)
    for _ in range(2 * MAX_LENGTH + 500):
        pipeline.xadd("events", {"event": "{}"})
    await pipeline.execute()
    await resources.events.publish("sample.last", {})
    assert 2 * MAX_LENGTH <= await resources.redis.xlen("events") <= 2 * MAX_LENGTH + 200


async def test_without_redis_publish_raises_and_notify_reports(resources: Resources) -> None:
    settings = resources.settings.model_copy(update={"redis_port": free_port()})
    assert isinstance(settings, ServiceSettings)
    async with build_redis(settings) as redis:
        publisher = EventPublisher(redis, "sample")
        with pytest.raises(RedisError):
            await publisher.publish("sample.lost", {})
        assert not await publisher.notify("sample.lost", {})


def test_keys_have_the_service_in_front() -> None:
    assert redis_key("security", "alerts", 7) == "security:alerts:7"
