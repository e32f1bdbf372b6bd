"""The stores go away and come back while the service works."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer
from assistants_testing.waiting import patience
from user_management_testing import LogIn

pytestmark = pytest.mark.slow


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class Load:
    """Logins, reads and refreshes without a pause, and what they were answered."""

    def __init__(self, client: httpx.AsyncClient, tokens: dict[str, Any]) -> None:
        self._client = client
        self._tokens = tokens
        self._stop = asyncio.Event()
        self.statuses: Counter[int] = Counter()

    async def run(self) -> None:
        await asyncio.gather(*(self._worker(work) for work in (self._login, self._read, self._refresh) * 4))

    def stop(self) -> None:
        self._stop.set()

    async def answered(self, status: int, times: int) -> None:
        """Wait until so many more answers had this status."""
        goal = self.statuses[status] + times
        async with patience():
            while self.statuses[status] < goal:
                await asyncio.sleep(0.02)

    async def _worker(self, work: Any) -> None:  # noqa: ANN401
        while not self._stop.is_set():
            answer: httpx.Response = await work()
            self.statuses[answer.status_code] += 1

    async def _login(self) -> httpx.Response:
        body = {"email": self._tokens["email"], "password": self._tokens["password"]}
        return await self._client.post("/auth/login", json=body)

    async def _read(self) -> httpx.Response:
        return await self._client.get(f"/users/{self._tokens['user_id']}", headers=bearer(self._tokens))

    async def _refresh(self) -> httpx.Response:
        return await self._client.post("/auth/refresh", json={"refresh_token": "A" * 43})


@pytest.mark.parametrize("crash", [False, True])
async def test_postgresql_restarted_under_load_is_never_a_500_and_recovers(
    client: httpx.AsyncClient,
    logged_in: LogIn,
    clean_tables: None,
    postgres_server: PostgresServer,
    crash: bool,
) -> None:
    load = Load(client, await logged_in())
    running = asyncio.create_task(load.run())
    try:
        await load.answered(200, 20)
        await asyncio.to_thread(postgres_server.stop, crash=crash)
        await load.answered(503, 20)
        await asyncio.to_thread(postgres_server.start)
        await load.answered(200, 20)
        await load.answered(401, 5)
    finally:
        load.stop()
        await running
    assert set(load.statuses) == {200, 401, 503}
    assert (await client.get("/health")).status_code == 200


async def test_without_redis_nobody_logs_in_and_reads_go_on(
    client: httpx.AsyncClient, logged_in: LogIn, clean_tables: None, redis_server: RedisServer
) -> None:
    tokens = await logged_in()
    credentials = {"email": tokens["email"], "password": tokens["password"]}
    redis_server.stop()
    for body in (credentials, {**credentials, "password": "not the password"}):
        refused = await client.post("/auth/login", json=body)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
    read = await client.get(f"/users/{tokens['user_id']}", headers=bearer(tokens))
    assert read.status_code == 200
    renewed = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200
    # Without Redis the other services would not learn of the logout, so the service does nothing.
    assert (await client.post("/auth/logout", headers=bearer(tokens))).status_code == 503
    redis_server.start()
    assert (await client.post("/auth/logout", headers=bearer(tokens))).status_code == 204
    assert (await client.post("/auth/login", json=credentials)).status_code == 200


async def test_a_stolen_family_ends_even_without_redis(
    client: httpx.AsyncClient, logged_in: LogIn, clean_tables: None, redis_server: RedisServer
) -> None:
    stolen = (await logged_in())["refresh_token"]
    second = (await client.post("/auth/refresh", json={"refresh_token": stolen})).json()["refresh_token"]
    third = (await client.post("/auth/refresh", json={"refresh_token": second})).json()["refresh_token"]
    redis_server.stop()
    assert (await client.post("/auth/refresh", json={"refresh_token": stolen})).status_code == 503
    assert (await client.post("/auth/refresh", json={"refresh_token": third})).status_code == 401
