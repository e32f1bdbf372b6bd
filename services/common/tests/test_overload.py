"""More requests than the service can serve: it refuses early, and its health does not wait behind them."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from assistants_common.admission import Gate
from assistants_common.app import create_app
from assistants_common.outbox import record_event
from assistants_common.problems import OverloadedError
from assistants_common.resources import RedisDep, Resources, SessionDep
from assistants_common.settings import DatabaseSettings
from assistants_testing.plugin import running
from assistants_testing.postgres import PostgresServer
from assistants_testing.waiting import pass_time, patience, patiently, until

pytestmark = pytest.mark.usefixtures("clean_tables")

PLACES = 20
IMPATIENT = {"admission_patience_seconds": 0.2, "database_pool_timeout_seconds": 0.2}


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


class Held:
    """Requests that run until the test releases them."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = 0

    async def hold(self) -> None:
        self.inside += 1
        await self.go.wait()

    async def until(self, count: int) -> None:
        await until(lambda: self.inside >= count)


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = DatabaseSettings.model_validate(
        {**platform_settings, **IMPATIENT, "max_concurrent_requests": PLACES}
    )
    application = create_app(
        "sample", settings, title="Sample", description="For tests.", routers=[], outbox=True
    )

    @application.get("/database")
    async def with_a_connection(session: SessionDep) -> None:
        await session.execute(sa.text("SELECT 1"))
        await application.state.held.hold()

    @application.get("/redis")
    async def with_redis(redis: RedisDep) -> None:
        await redis.blpop(["nothing"], timeout=1)

    @application.get("/plain")
    async def without() -> None:
        await application.state.held.hold()

    async with running(application):
        yield application


@pytest.fixture
async def held(app: FastAPI) -> AsyncIterator[Held]:
    app.state.held = Held()
    yield app.state.held
    app.state.held.go.set()


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The service's log lines, without those of the test's client and of the relay."""
    others = ("httpx", "assistants_common.outbox_relay")
    return [record for record in caplog.records if record.name not in others]


def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_health_and_outbox_have_connections_of_their_own(
    client: httpx.AsyncClient, resources: Resources, held: Held
) -> None:
    settings = resources.settings
    assert isinstance(settings, DatabaseSettings)
    most = settings.database_pool_size + settings.database_max_overflow
    async with resources.require_database().session() as session:
        await record_event(session, "sample", "sample.done", {"n": 1})
        async with asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(client.get("/database")) for _ in range(most - 1)]
            await held.until(most - 1)
            assert (await client.get("/health")).json()["status"] == "ok"
            refused(await client.get("/database"))
            await session.commit()
            async with patience():
                while await resources.redis.xlen("events") == 0:
                    await asyncio.sleep(0.02)
            assert (await client.get("/health")).status_code == 200
            held.go.set()
    assert {task.result().status_code for task in waiting} == {200}


async def test_health_does_not_wait_for_a_connection_to_redis(client: httpx.AsyncClient, held: Held) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PLACES):
            tasks.create_task(client.get("/redis"))
        await asyncio.sleep(0.1)
        answer = await client.get("/health")
    assert answer.json()["checks"]["redis"]["status"] == "ok"


async def test_what_is_too_much_is_refused_in_one_line(
    client: httpx.AsyncClient, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(PLACES):
            tasks.create_task(client.get("/plain"))
        await held.until(PLACES)
        with caplog.at_level(logging.INFO):
            refused(await client.get("/plain"))
        (line,) = lines(caplog)
        assert (line.name, vars(line)["status"], line.exc_info) == ("assistants.access", 503, None)
        assert (await client.get("/health")).status_code == 200
        held.go.set()
    held.inside = 0
    assert (await client.get("/plain")).status_code == 200


async def test_a_full_pool_is_told_in_one_line(
    client: httpx.AsyncClient, held: Held, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.TaskGroup() as tasks:
        for _ in range(8):
            tasks.create_task(client.get("/database"))
        await held.until(8)
        with caplog.at_level(logging.INFO):
            refused(await client.get("/database"))
        assert [(line.name, line.exc_info) for line in lines(caplog)] == [("assistants.access", None)]
        held.go.set()


async def test_a_database_that_is_away_is_told_without_a_traceback(
    client: httpx.AsyncClient, held: Held, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    postgres_server.stop()
    with caplog.at_level(logging.INFO):
        answer = await client.get("/database")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    line, _ = lines(caplog)
    assert line.exc_info is None
    assert len(str(vars(line)["error"])) <= 300


async def test_many_health_checks_ask_once(client: httpx.AsyncClient, resources: Resources) -> None:
    asked: Counter[str] = Counter()
    own = dict(resources.health.checks)
    go = asyncio.Event()

    async def slow() -> None:
        asked["slow"] += 1
        await go.wait()

    resources.health.checks["slow"] = slow
    try:
        async with asyncio.TaskGroup() as tasks:
            requests = [tasks.create_task(client.get("/health")) for _ in range(50)]
            # Enough turns of the loop for every request to go as far as it can.
            for _ in range(1000):
                await asyncio.sleep(0)
            go.set()
        answers = [request.result() for request in requests]
    finally:
        resources.health.checks.clear()
        resources.health.checks.update(own)
    assert {answer.status_code for answer in answers} == {200}
    assert asked["slow"] == 1


async def test_a_request_waits_no_longer_at_several_gates_than_at_one() -> None:
    """Otherwise every gate, and every pool behind it, makes the refusal later."""
    first, second, third = (Gate(1, patience_seconds=60) for _ in range(3))
    for gate in (first, second, third):
        await gate.enter()
    entered = asyncio.Event()

    async def request() -> None:
        with first.patience():
            async with first.place():
                entered.set()
                with pytest.raises(OverloadedError):
                    await second.enter()
                with pytest.raises(OverloadedError):
                    await third.enter()

    loop = asyncio.get_running_loop()
    begin = loop.time()
    task = asyncio.create_task(request())
    await pass_time(50)
    assert not entered.is_set()
    first.leave()
    await patiently(entered.wait())
    await pass_time(11)
    await patiently(task)
    assert loop.time() - begin < 2 * 60
    await first.enter()


async def test_one_request_s_patience_is_not_another_s() -> None:
    gate = Gate(1, patience_seconds=60)
    await gate.enter()
    with gate.patience():
        await pass_time(61)
        with pytest.raises(OverloadedError):
            await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await pass_time(30)
    assert not waiting.done()
    gate.leave()
    await patiently(waiting)


async def test_a_place_is_given_back_after_a_fault() -> None:
    gate = Gate(1, patience_seconds=0.01)

    async def fail_inside() -> None:
        async with gate.place():
            with pytest.raises(OverloadedError):
                await gate.enter()
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await fail_inside()
    await gate.enter()
