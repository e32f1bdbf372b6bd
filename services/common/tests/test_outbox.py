import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import BaseModel

from assistants_common.app import create_app
from assistants_common.database import Database, build_engine
from assistants_common.outbox import OUTBOX, add_outbox_table, record_event
from assistants_common.outbox_relay import OutboxRelay
from assistants_common.resources import Resources, SessionDep
from assistants_common.settings import DatabaseSettings, ServiceSettings
from assistants_testing.plugin import PublishedEvents, running
from assistants_testing.postgres import PostgresServer
from assistants_testing.schema import schema_differences
from assistants_testing.waiting import patience, until

pytestmark = pytest.mark.usefixtures("clean_tables")


class Order(BaseModel):
    numbers: list[int]
    commit: bool = True


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


@pytest.fixture(scope="module")
async def app(settings: DatabaseSettings) -> AsyncIterator[FastAPI]:
    application = create_app(
        "sample", settings, title="Sample", description="For tests.", routers=[], outbox=True
    )

    @application.post("/orders")
    async def order(body: Order, session: SessionDep) -> None:
        await record(session, body.numbers)
        if body.commit:
            await session.commit()

    async with running(application):
        yield application


async def record(session: Any, numbers: Sequence[int]) -> None:  # noqa: ANN401
    for number in numbers:
        await record_event(session, "sample", "sample.done", {"n": number})


async def test_a_committed_event_is_published_with_its_members(
    resources: Resources, published_events: PublishedEvents
) -> None:
    user = uuid4()
    async with resources.require_database().session() as session:
        event = await record_event(session, "sample", "sample.done", {"n": "\x00ü"}, user)
        await session.commit()
    (published,) = await published_events()
    assert published.pop("time").endswith("Z")
    assert published == {
        "id": str(event.id),
        "type": "sample.done",
        "source": "sample",
        "user_id": str(user),
        "data": {"n": "\x00ü"},
    }


async def test_the_event_carries_the_id_of_its_request(
    client: httpx.AsyncClient, published_events: PublishedEvents
) -> None:
    await client.post("/orders", json={"numbers": [1]}, headers={"X-Request-Id": "request-9"})
    assert [event["request_id"] for event in await published_events()] == ["request-9"]


async def test_what_is_rolled_back_is_not_published(
    client: httpx.AsyncClient, published_events: PublishedEvents
) -> None:
    await client.post("/orders", json={"numbers": [1], "commit": False})
    await client.post("/orders", json={"numbers": [2]})
    assert [event["data"]["n"] for event in await published_events()] == [2]


async def test_many_events_keep_their_order(
    client: httpx.AsyncClient, published_events: PublishedEvents
) -> None:
    await client.post("/orders", json={"numbers": list(range(250))})
    assert [event["data"]["n"] for event in await published_events()] == list(range(250))


async def test_published_events_are_counted(
    client: httpx.AsyncClient, published_events: PublishedEvents
) -> None:
    def counted() -> float:
        labels = {"type": "sample.done", "outcome": "published"}
        return REGISTRY.get_sample_value("events_published_total", labels) or 0

    before = counted()
    await client.post("/orders", json={"numbers": [1, 2, 3]})
    await published_events()
    assert counted() == before + 3
    assert REGISTRY.get_sample_value("outbox_pending") == 0


async def test_a_commit_wakes_the_relay(
    settings: DatabaseSettings,
    postgres: PostgresServer,
    service_migrations: str,
    published_events: PublishedEvents,
) -> None:
    """The database has no other relay, and this one polls once an hour."""
    address = postgres.create_database("wake", postgres.migrated_template(service_migrations))
    settings = settings.model_copy(update={"postgres_db": address.postgres_db})
    database = Database(build_engine(settings, "sleepy"))
    try:
        async with OutboxRelay(database, settings, poll_seconds=3600).running():
            await until(lambda: database.outbox_wake._waiters)  # it waits for its next round
            async with database.session() as session:
                async with session.begin_nested():
                    await record(session, [1])
                assert not database.outbox_wake.is_set()
                await session.commit()
            async with patience():
                while len(await published_events()) != 1:
                    await asyncio.sleep(0.01)
    finally:
        await database.dispose()
        postgres.drop_database(address)


async def test_several_relays_do_not_double_events(
    settings: DatabaseSettings, resources: Resources, published_events: PublishedEvents
) -> None:
    others = [Database(build_engine(settings, "replica")) for _ in range(3)]
    try:
        async with asyncio.TaskGroup() as tasks:
            stop = asyncio.Event()

            async def relay(database: Database) -> None:
                async with OutboxRelay(database, settings, poll_seconds=0.01).running():
                    await stop.wait()

            for database in others:
                tasks.create_task(relay(database))
            for start in range(0, 600, 20):
                database = others[start % 3]
                async with database.session() as session:
                    await record(session, range(start, start + 20))
                    await session.commit()
            events = await published_events()
            stop.set()
    finally:
        for database in others:
            await database.dispose()
    assert [event["data"]["n"] for event in events] == list(range(600))


async def test_what_is_recorded_before_the_stop_is_published(
    settings: DatabaseSettings, resources: Resources
) -> None:
    application = create_app("brief", settings, title="Brief", description="x", routers=[], outbox=True)
    own: Resources = application.state.resources
    async with running(application), own.require_database().session() as session:
        await record(session, range(150))
        await session.commit()
    async with resources.require_database().session() as session:
        pending = sa.select(sa.func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
        assert await session.scalar(pending) == 0


async def test_the_model_says_what_the_revision_made(resources: Resources) -> None:
    metadata = sa.MetaData()
    table = add_outbox_table(metadata)
    assert table.name == "outbox"
    differences = await schema_differences(resources.require_database(), metadata)
    others = {"effects", "counters"}
    assert [entry for entry in differences if entry[0] != "remove_table" or entry[1].name not in others] == []


def test_an_outbox_needs_a_database(platform_settings: dict[str, Any]) -> None:
    settings = ServiceSettings.model_validate(platform_settings)
    application = create_app("sample", settings, title="x", description="x", routers=[], outbox=True)

    async def start() -> None:
        async with running(application):
            pass

    with pytest.raises(RuntimeError, match="no database"):
        asyncio.run(start())
