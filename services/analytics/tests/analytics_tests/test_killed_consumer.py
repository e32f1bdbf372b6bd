"""The service is killed while it works on an event, and another one takes over: every event counts once."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from redis.asyncio import Redis

from analytics import NAME
from assistants_common.events import FIELD, STREAM, Event
from assistants_testing.postgres import DatabaseAddress
from assistants_testing.redis import RedisServer
from assistants_testing.service_process import ServiceProcess, running_service
from assistants_testing.waiting import patience

pytestmark = pytest.mark.slow

LONG_AGO_MS = 10 * 60_000
STORED = 'analytics_events_stored_total{outcome="stored"}'
DUPLICATE = 'analytics_events_stored_total{outcome="duplicate"}'

type Connection = asyncpg.Connection[asyncpg.Record]


@pytest.fixture
async def redis(redis_instance: RedisServer) -> AsyncIterator[Redis]:
    redis_instance.flush()
    client = Redis(
        host=redis_instance.host,
        port=redis_instance.port,
        password=redis_instance.password,
        decode_responses=True,
    )
    async with client:
        yield client


@pytest.fixture
async def database(database_address: DatabaseAddress) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(
        host=database_address.postgres_host,
        port=database_address.postgres_port,
        user=database_address.postgres_user,
        password=database_address.postgres_password,
        database=database_address.postgres_db,
    )
    await connection.execute("TRUNCATE events_seen")
    yield connection
    await connection.close()


@pytest.fixture
def settings(platform_settings: dict[str, Any]) -> dict[str, Any]:
    return {**platform_settings, "render_warm_up": False}


async def publish(redis: Redis) -> Event:
    event = Event(type="ai.usage", source="ai-assistant", data={"model": "gpt-4", "input_tokens": 5})
    await redis.xadd(STREAM, {FIELD: event.model_dump_json()})
    return event


async def pending(redis: Redis) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = await redis.xpending_range(STREAM, NAME, "-", "+", 10)
    return entries


async def let_others_take_over(redis: Redis) -> None:
    """As if the time had passed after which an event that was read and not acknowledged is taken over."""
    for entry in await pending(redis):
        await redis.xclaim(
            STREAM, NAME, entry["consumer"], 0, [entry["message_id"]], idle=LONG_AGO_MS, justid=True
        )


async def until_acknowledged(redis: Redis) -> None:
    async with patience():
        while await pending(redis):
            await asyncio.sleep(0.05)


async def metric(service: ServiceProcess, name: str) -> float:
    async with httpx.AsyncClient(base_url=service.url) as client:
        text = (await client.get("/metrics")).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0


@asynccontextmanager
async def without_acknowledgements(target: RedisServer) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A way to Redis on a port of its own, which lets everything through until the first acknowledgement."""
    reached = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if b"XACK" in data:
                reached.set()
                return
            sink.write(data)
            await sink.drain()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(target.host, target.port)
        both = [asyncio.create_task(copy(reader, back)), asyncio.create_task(copy(there, writer))]
        tasks.update(both)
        await asyncio.wait(both)
        for stream in (writer, back):
            stream.close()

    server = await asyncio.start_server(connect, "127.0.0.1")
    async with server:
        yield server.sockets[0].getsockname()[1], reached
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_killed_after_the_commit_and_before_the_acknowledgement(
    redis: Redis,
    database: Connection,
    redis_instance: RedisServer,
    settings: dict[str, Any],
    tmp_path: Path,
) -> None:
    async with without_acknowledgements(redis_instance) as (port, reached):
        with running_service(NAME, {**settings, "redis_port": port}, tmp_path) as killed:
            event = await publish(redis)
            async with patience():
                await reached.wait()
            assert await database.fetchval("SELECT count(*) FROM events_seen WHERE id = $1", event.id) == 1
            killed.process.kill()
            killed.process.wait()
    assert len(await pending(redis)) == 1
    await let_others_take_over(redis)
    with running_service(NAME, settings, tmp_path) as successor:
        await until_acknowledged(redis)
        assert (await metric(successor, DUPLICATE), await metric(successor, STORED)) == (1, 0)
    assert await database.fetchval("SELECT count(*) FROM events_seen") == 1


async def test_killed_between_the_read_and_the_commit(
    redis: Redis, database: Connection, settings: dict[str, Any], tmp_path: Path
) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'events_seen'::regclass"
    with running_service(NAME, settings, tmp_path) as killed:
        async with database.transaction():
            await database.execute("LOCK TABLE events_seen IN EXCLUSIVE MODE")
            await publish(redis)
            async with patience():
                while not await database.fetchval(waiting):
                    await asyncio.sleep(0.02)
            assert len(await pending(redis)) == 1
            killed.process.kill()
            killed.process.wait()
    await let_others_take_over(redis)
    with running_service(NAME, settings, tmp_path) as successor:
        await until_acknowledged(redis)
        assert (await metric(successor, DUPLICATE), await metric(successor, STORED)) == (0, 1)
    assert await database.fetchval("SELECT count(*) FROM events_seen") == 1
