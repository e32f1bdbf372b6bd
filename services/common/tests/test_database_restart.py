"""PostgreSQL is restarted under load: every answer is 200 or 503, and the service recovers by itself."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.resources import SessionDep
from assistants_common.settings import DatabaseSettings
from assistants_testing.plugin import running
from assistants_testing.postgres import PostgresServer
from assistants_testing.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "assistants_testing.outbox_revisions"


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = DatabaseSettings.model_validate(platform_settings)
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])

    @application.get("/now")
    async def now(session: SessionDep, seconds: float = 0) -> str:
        await session.execute(sa.select(sa.func.pg_sleep(seconds)))
        return str(await session.scalar(sa.select(sa.func.now())))

    @application.get("/wrong")
    async def wrong(session: SessionDep) -> None:
        await session.execute(sa.text("SELECT 1/0"))

    async with running(application):
        yield application


@pytest.mark.parametrize("crash", [False, True])
async def test_a_restart_of_postgresql_gives_503_and_no_500(
    client: httpx.AsyncClient, postgres_server: PostgresServer, crash: bool
) -> None:
    answers: Counter[int] = Counter()
    stop = asyncio.Event()

    async def load(seconds: float) -> None:
        while not stop.is_set():
            answer = await client.get("/now", params={"seconds": seconds})
            answers[answer.status_code] += 1
            await asyncio.sleep(0.005)

    async def answered(status: int) -> None:
        """Wait for more answers with a status."""
        goal = answers[status] + 20
        await until(lambda: answers[status] >= goal)

    async with asyncio.TaskGroup() as tasks:
        for number in range(12):
            tasks.create_task(load(0.02 * (number % 3)))
        await answered(200)
        await asyncio.to_thread(postgres_server.stop, crash=crash)
        await answered(503)
        await asyncio.to_thread(postgres_server.start)
        await answered(200)
        stop.set()
    assert set(answers) == {200, 503}
    assert {(await client.get("/now")).status_code for _ in range(20)} == {200}


async def test_health_follows_the_database(
    client: httpx.AsyncClient, postgres_server: PostgresServer
) -> None:
    assert (await client.get("/health")).status_code == 200
    await asyncio.to_thread(postgres_server.stop)
    ill = await client.get("/health")
    assert (ill.status_code, ill.json()["checks"]["database"]["status"]) == (503, "unavailable")
    assert ill.json()["checks"]["redis"]["status"] == "ok"
    await asyncio.to_thread(postgres_server.start)
    well = await client.get("/health")
    assert well.status_code == 200
    assert all(check["latency_ms"] >= 0 for check in well.json()["checks"].values())


async def test_a_fault_in_a_statement_is_still_ours(client: httpx.AsyncClient, app: FastAPI) -> None:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as calm:
        answer = await calm.get("/wrong")
    assert answer.status_code == 500
    assert "division" not in answer.text


async def test_a_database_that_takes_no_more_connections_gives_503(
    platform_settings: dict[str, Any], postgres: PostgresServer
) -> None:
    postgres.execute("CREATE ROLE crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0")
    changes = {"postgres_user": "crowded", "postgres_password": "crowded"}
    settings = DatabaseSettings.model_validate({**platform_settings, **changes})
    crowded = create_app("sample", settings, title="Sample", description="For tests.", routers=[])

    @crowded.get("/now")
    async def now(session: SessionDep) -> str:
        return str(await session.scalar(sa.select(sa.func.now())))

    transport = httpx.ASGITransport(app=crowded)
    async with running(crowded), httpx.AsyncClient(transport=transport, base_url="http://x.test") as client:
        answer = await client.get("/now")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
