"""Every event takes effect once, although a consumer dies or its database goes away."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.event_consumer import EventConsumer
from assistants_common.events import STREAM, Event
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings
from assistants_testing.plugin import running
from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import environment
from assistants_testing.waiting import block_until, patience

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clean_tables")]

GROUP = "reader"
CONSUMER = """
import asyncio, os
from pathlib import Path
import sqlalchemy as sa
from assistants_common.event_consumer import EventConsumer
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings

resources = Resources.build("reader", DatabaseSettings())
stop_at, stop_when = int(os.environ["STOP_AT"]), os.environ["STOP_WHEN"]

async def stop(event, when):
    if (event.data["n"], when) == (stop_at, stop_when):
        Path(os.environ["MARKER"]).touch()
        await asyncio.sleep(3600)

async def handle(event):
    async with resources.require_database().session() as session:
        new = await session.execute(
            sa.text("INSERT INTO effects VALUES (:id, :n) ON CONFLICT DO NOTHING RETURNING n"),
            {"id": event.id, "n": event.data["n"]},
        )
        if new.first():
            await session.execute(sa.text("UPDATE counters SET n = n + 1 WHERE name = 'events'"))
        await stop(event, "before the commit")
        await session.commit()
    await stop(event, "after the commit")

asyncio.run(EventConsumer(resources.redis, "reader", handle, retry_after_ms=200, block_ms=50).run())
"""


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = DatabaseSettings.model_validate(platform_settings)
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])
    async with running(application):
        yield application


@pytest.fixture
async def counter(resources: Resources, clean_tables: None) -> None:
    await execute(resources, "INSERT INTO counters VALUES ('events', 0)")


async def execute(resources: Resources, statement: str, **values: object) -> Any:  # noqa: ANN401
    async with resources.require_database().session() as session:
        result = await session.execute(sa.text(statement), values)
        rows = result.scalars().all() if result.returns_rows else None  # type: ignore[attr-defined]
        await session.commit()
        return rows


def start_consumer(settings: dict[str, Any], marker: Path, stop_when: str) -> subprocess.Popen[bytes]:
    variables = environment({**settings, "stop_at": 3, "stop_when": stop_when, "marker": marker})
    return subprocess.Popen([sys.executable, "-c", CONSUMER], env=variables)  # noqa: S603 - our own text


@pytest.mark.usefixtures("counter")
@pytest.mark.parametrize("killed", ["before the commit", "after the commit"])
async def test_a_consumer_killed_between_read_and_acknowledge(
    resources: Resources, platform_settings: dict[str, Any], tmp_path: Path, killed: str
) -> None:
    for number in range(6):
        await resources.events.publish("sample.done", {"n": number})
    marker = tmp_path / "marker"
    first = start_consumer(platform_settings, marker, killed)
    try:
        await asyncio.to_thread(block_until, marker.exists)
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    unfinished = await resources.redis.xpending(STREAM, GROUP)
    assert unfinished["pending"] >= 1
    second = start_consumer(platform_settings, tmp_path / "unused", "never")
    try:
        async with patience():
            while (await resources.redis.xpending(STREAM, GROUP))["pending"]:
                await asyncio.sleep(0.05)
    finally:
        second.kill()
        second.wait()
    assert sorted(await execute(resources, "SELECT n FROM effects")) == list(range(6))
    assert await execute(resources, "SELECT n FROM counters") == [6]


async def test_a_consumer_waits_for_its_database(
    resources: Resources, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(event: Event) -> None:
        await execute(resources, "INSERT INTO effects VALUES (:id, 1)", id=event.id)

    consumer = EventConsumer(
        resources.redis, GROUP, handle, retry_after_ms=100, block_ms=20, pause_seconds=0.05
    )
    async with consumer.running():
        await resources.events.publish("sample.one", {})
        async with patience():
            while not await execute(resources, "SELECT n FROM effects"):
                await asyncio.sleep(0.02)
        await asyncio.to_thread(postgres_server.stop)
        event = await resources.events.publish("sample.two", {})
        async with patience():
            while caplog.text.count("event waits") < 3:
                await asyncio.sleep(0.02)
        (entry,) = await resources.redis.xpending_range(STREAM, GROUP, "-", "+", 10)
        assert entry["times_delivered"] == 1
        await asyncio.to_thread(postgres_server.start)
        async with patience():
            while (await resources.redis.xpending(STREAM, GROUP))["pending"]:
                await asyncio.sleep(0.02)
    assert event.id in await execute(resources, "SELECT event_id FROM effects")
    assert "it will be tried again" not in caplog.text


async def test_names_of_former_consumers_are_forgotten_unless_they_left_work(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await resources.events.publish("sample.one", {})
    await resources.redis.xgroup_create(STREAM, GROUP, id="0")
    await resources.redis.xreadgroup(GROUP, "with-work", {STREAM: ">"})
    await resources.redis.xgroup_createconsumer(STREAM, GROUP, "idle")

    async def handle(event: Event) -> None:
        raise AssertionError(event)

    async def names() -> set[str]:
        consumers: Any = await resources.redis.xinfo_consumers(STREAM, GROUP)
        return {consumer["name"] for consumer in consumers}

    async with EventConsumer(resources.redis, GROUP, handle, block_ms=20).running(), patience():
        while len(await names()) < 3:
            await asyncio.sleep(0.01)
    assert {"with-work", "idle"} <= await names()
    monkeypatch.setattr("assistants_common.event_consumer._FORMER_MS", -1)
    async with EventConsumer(resources.redis, GROUP, handle, block_ms=20).running(), patience():
        while "idle" in await names():
            await asyncio.sleep(0.01)
    assert "with-work" in await names()
    assert "idle" not in await names()
