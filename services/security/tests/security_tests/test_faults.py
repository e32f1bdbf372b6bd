"""While something the service depends on is away, it loses nothing, doubles nothing, and answers 503."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from assistants_common.event_consumer import EventConsumer
from assistants_common.events import FIELD, STREAM, Event
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer
from assistants_testing.service_process import environment
from assistants_testing.waiting import patience
from security.app import build_chain
from security.audit_log.verification import verify
from security.detection.detector import Detector
from security.models import Alert, AuditRow, Threat
from security.settings import Settings

pytestmark = pytest.mark.slow

RECORD = {"action": "report.exported", "resource": "reports/7", "outcome": "success"}
GROUP = "killed"
# A consumer that is killed at a certain moment of the fifth event, which is the one that opens the alert.
KILLED = f"""
import asyncio, os, signal, sys
from sqlalchemy.ext.asyncio import AsyncSession
from assistants_common.event_consumer import EventConsumer
from assistants_common.resources import Resources
from security.app import build_chain, build_queue
from security.audit_log.chain import AuditChain
from security.detection.detector import Detector
from security.settings import Settings

settings = Settings()
resources = Resources.build("security", settings)
detector = Detector(
    resources.require_database(), build_chain(resources, settings), build_queue(resources, settings)
)
consumer = EventConsumer(resources.redis, "{GROUP}", detector.handle, block_ms=100)

def dying_at_the_fifth(method):
    calls = []
    async def call(*arguments, **named):
        calls.append(1)
        if len(calls) == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return await method(*arguments, **named)
    return call

match sys.argv[1]:
    case "read":
        consumer._handler = dying_at_the_fifth(consumer._handler)
    case "commit":
        AsyncSession.commit = dying_at_the_fifth(AsyncSession.commit)
    case "committed":
        AuditChain.committed = dying_at_the_fifth(AuditChain.committed)
    case "acknowledge":
        consumer._acknowledge = dying_at_the_fifth(consumer._acknowledge)
asyncio.run(consumer.run())
"""


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None, resources: Resources) -> AsyncIterator[None]:
    # After the tables: as long as they had rows, the relay publishes again what a flush took away.
    await resources.redis.flushdb()
    yield
    await resources.redis.flushdb()


def failed_logins() -> list[Event]:
    data = {"account": uuid4().hex, "address": "192.0.2.7"}
    return [Event(type="user.login_failed", source="user-management", data=data) for _ in range(5)]


async def publish(resources: Resources, events: list[Event]) -> None:
    for event in events:
        await resources.redis.xadd(STREAM, {FIELD: event.model_dump_json()})


async def until(condition: Callable[[], Any]) -> None:
    async with patience():
        while not await condition():
            await asyncio.sleep(0.05)


async def entries_of(resources: Resources, events: list[Event]) -> Counter[str]:
    """How often each event is in the audit log."""
    async with resources.require_database().session() as session:
        rows = await session.scalars(
            select(AuditRow.event_id).where(AuditRow.event_id.in_([event.id for event in events]))
        )
        return Counter(str(row) for row in rows)


async def assert_once(resources: Resources, settings: Settings, events: list[Event]) -> None:
    assert await entries_of(resources, events) == Counter(str(event.id) for event in events)
    async with resources.require_database().session() as session:
        threats = list(await session.scalars(select(Threat)))
        assert [(threat.kind, threat.count) for threat in threats] == [("brute_force", 5)]
        assert await session.scalar(select(func.count()).select_from(Alert)) == 1
        chain = build_chain(resources, settings)
        assert (await verify(session, chain.keys, chain.anchor)).fault is None


async def alerts_announced(published_events: PublishedEvents) -> int:
    return sum(event["type"] == "security.alert" for event in await published_events())


@pytest.mark.parametrize("moment", ["read", "commit", "committed", "acknowledge"])
async def test_a_consumer_killed_between_reading_and_acknowledging_loses_and_doubles_nothing(
    resources: Resources,
    settings: Settings,
    platform_settings: dict[str, Any],
    detector: Detector,
    published_events: PublishedEvents,
    moment: str,
) -> None:
    # The running application must leave the events to the consumer that is killed: it has read them before.
    events = failed_logins()
    await resources.redis.xgroup_create(STREAM, GROUP, id="$", mkstream=True)
    await resources.redis.xgroup_destroy(STREAM, "security")
    await resources.redis.xgroup_create(STREAM, "security", id="18446744073709551615-0")
    await publish(resources, events)
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, moment],
        env=environment(platform_settings),
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    done = 4 if moment in {"read", "commit"} else 5
    assert len(await entries_of(resources, events)) == done
    successor = EventConsumer(resources.redis, GROUP, detector.handle, retry_after_ms=1, block_ms=50)

    async def nothing_is_pending() -> bool:
        pending: int = (await resources.redis.xpending(STREAM, GROUP))["pending"]
        return pending == 0

    async with successor.running():
        await until(nothing_is_pending)
    await assert_once(resources, settings, events)
    assert await alerts_announced(published_events) == 1


async def test_postgresql_restarted_under_load(
    resources: Resources,
    settings: Settings,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    postgres_server: PostgresServer,
    published_events: PublishedEvents,
) -> None:
    """Requests are answered with 201 or 503, what was answered with 201 is there, and events wait."""
    headers, statuses, stop = auth_headers(), Counter[int](), asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            answer = await client.post("/audit/log", json=RECORD, headers=headers)
            statuses[answer.status_code] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(load())
        await until(lambda: seen(statuses, 201))
        # No crash: the server of the tests does not wait for its disk, and would lose what it had confirmed.
        await asyncio.to_thread(postgres_server.stop)
        events = failed_logins()
        await publish(resources, events)
        await until(lambda: seen(statuses, 503))
        await asyncio.to_thread(postgres_server.start)
        before = statuses[201]
        await until(lambda: seen(statuses, 201, before))
        stop.set()
    assert statuses.keys() == {201, 503}

    async def all_are_there() -> bool:
        return len(await entries_of(resources, events)) == len(events)

    await until(all_are_there)
    await assert_once(resources, settings, events)
    assert await alerts_announced(published_events) == 1
    async with resources.require_database().session() as session:
        written = select(func.count()).select_from(AuditRow).where(AuditRow.event_id.is_(None))
        assert (await session.scalars(written)).one() >= statuses[201]


async def test_an_event_waits_for_the_database(
    resources: Resources,
    settings: Settings,
    detector: Detector,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is not handed back to the consumer, which would give it up in the end."""
    events = failed_logins()

    async def waits() -> bool:
        return "the event waits for the database" in caplog.text

    await asyncio.to_thread(postgres_server.stop)
    async with asyncio.TaskGroup() as group:
        for event in events:
            group.create_task(detector.handle(event))
        await until(waits)
        await asyncio.to_thread(postgres_server.start)
    await assert_once(resources, settings, events)


async def seen(statuses: Counter[int], status: int, before: int = 0) -> bool:
    return statuses[status] > before


async def test_redis_away_and_back(
    resources: Resources,
    settings: Settings,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    redis_server: RedisServer,
    detector: Detector,
    published_events: PublishedEvents,
) -> None:
    headers = auth_headers(role=Role.ADMIN)
    await asyncio.to_thread(redis_server.save)
    await asyncio.to_thread(redis_server.stop)
    # An entry needs no Redis, nor does an event that was read before.
    assert (await client.post("/audit/log", json=RECORD, headers=headers)).status_code == 201
    events = failed_logins()
    for event in events:
        await detector.handle(event)
    await asyncio.to_thread(redis_server.start)
    assert await alerts_announced(published_events) == 1
    more = [Event(type="user.login", source="user-management", user_id=uuid4()) for _ in range(3)]
    await publish(resources, more)

    async def all_are_there() -> bool:
        return len(await entries_of(resources, more)) == len(more)

    await until(all_are_there)
    await assert_once(resources, settings, events)
    assert (await client.get("/audit/verify", headers=headers)).json()["valid"]


async def test_redis_back_with_an_older_anchor(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, redis_server: RedisServer
) -> None:
    """What Redis forgot makes the log neither invalid nor unsigned."""
    headers = auth_headers(role=Role.ADMIN)
    for number in range(4):
        if number == 2:
            await asyncio.to_thread(redis_server.save)
        assert (await client.post("/audit/log", json=RECORD, headers=headers)).status_code == 201
    await asyncio.to_thread(redis_server.stop)
    await asyncio.to_thread(redis_server.start)
    assert (await client.get("/audit/verify", headers=headers)).json()["valid"]
    assert (await client.post("/audit/log", json=RECORD, headers=headers)).status_code == 201
    verified = (await client.get("/audit/verify", headers=headers)).json()
    assert (verified["valid"], verified["checkpoint"]["sequence"]) == (True, 5)


async def test_an_event_that_cannot_be_handled_is_not_waited_for(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Event) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(detector, "_handle", fail)
    with pytest.raises(ValueError, match="a fault of ours"):
        await detector.handle(failed_logins()[0])
