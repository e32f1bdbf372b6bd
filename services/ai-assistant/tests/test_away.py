"""PostgreSQL or Redis goes away: the answer is 503, never 500, and nothing is spent uncounted."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from ai_assistant.app import build_app
from ai_assistant.completions import Completions
from ai_assistant.models import TokenUsage
from ai_assistant.settings import Settings
from ai_assistant_testing.stand_in import StandIn
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, PublishedEvents, running
from assistants_testing.postgres import PostgresServer
from assistants_testing.redis import RedisServer

pytestmark = pytest.mark.slow

REQUESTS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", "/chat", {"message": "Hi"}),
    ("POST", "/chat", {"message": "Hi", "stream": True}),
    ("POST", "/chat", {"message": "Hi", "conversation_id": str(uuid4())}),
    ("POST", "/generate", {"kind": "query", "description": "All"}),
    ("GET", "/conversations", None),
    ("GET", f"/conversations/{uuid4()}", None),
    ("DELETE", f"/conversations/{uuid4()}", None),
]


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """With the heartbeats of production: a failure that takes its time has a status all the same."""
    async with running(build_app(settings.model_copy(update={"ai_heartbeat_seconds": 15}))) as application:
        yield application


async def test_without_postgresql_every_answer_is_503(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    postgres_server: PostgresServer,
) -> None:
    await asyncio.to_thread(postgres_server.stop)
    for method, path, body in REQUESTS:
        answer = await client.request(method, path, json=body, headers=auth_headers())
        assert answer.status_code == 503, (method, path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert stand_in.requests == []
    await asyncio.to_thread(postgres_server.start)
    for method, path, body in REQUESTS:
        answer = await client.request(method, path, json=body, headers=auth_headers())
        assert answer.status_code in {200, 404}, (method, path, answer.text)


@pytest.mark.parametrize("stream", [False, True])
async def test_postgresql_away_when_the_answer_is_to_be_stored(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    postgres_server: PostgresServer,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
    stream: bool,
) -> None:
    """The answer is paid for by then: the budget counts it, and the log has what is not on record."""
    settle, user_id = Completions._settle, uuid4()

    async def stop_before(self: Completions, *what: Any) -> None:  # noqa: ANN401 - passed on as it is
        await asyncio.to_thread(postgres_server.stop)
        await settle(self, *what)

    monkeypatch.setattr(Completions, "_settle", stop_before)
    body = {"message": "Hi", "stream": stream}
    answer = await client.post("/chat", json=body, headers=auth_headers(user_id))
    if stream:
        assert json.loads(answer.text.partition("event: error\ndata: ")[2])["status"] == 503
    else:
        assert answer.status_code == 503
    (key,) = await resources.redis.keys(f"ai-assistant:budget:{user_id}:*")
    assert await resources.redis.hget(key, "spent") == "29"


async def test_without_redis_no_model_is_called(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, redis_server: RedisServer
) -> None:
    headers = auth_headers()
    await asyncio.to_thread(redis_server.stop)
    for method, path, body in REQUESTS[:2] + REQUESTS[3:4]:
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 503, (method, path, answer.text)
        assert "no model is called uncounted" in answer.json()["detail"]
        assert "retry-after" in answer.headers
    assert stand_in.requests == []
    assert (await client.get("/conversations", headers=headers)).status_code == 200
    await asyncio.to_thread(redis_server.start)
    assert (await client.post("/chat", json={"message": "Hi"}, headers=headers)).status_code == 200


async def test_redis_away_while_the_model_answers(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    redis_server: RedisServer,
    resources: Resources,
    published_events: PublishedEvents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer is given; what it cost is on record, and the count and the event follow from there."""
    settle, user_id = Completions._settle, uuid4()

    async def stop_before(self: Completions, *what: Any) -> None:  # noqa: ANN401 - passed on as it is
        await asyncio.to_thread(redis_server.stop)
        await settle(self, *what)

    with monkeypatch.context() as patched:
        patched.setattr(Completions, "_settle", stop_before)
        answer = await client.post("/chat", json={"message": "Hi"}, headers=auth_headers(user_id))
    assert answer.status_code == 200
    async with resources.require_database().session() as session:
        mine = select(TokenUsage).where(TokenUsage.user_id == user_id)
        assert (await session.scalars(mine)).one().output_tokens == 8
    await asyncio.to_thread(redis_server.start)
    assert [event["type"] for event in await published_events() if event["user_id"] == str(user_id)] == [
        "ai.usage"
    ]
    await client.post("/chat", json={"message": "Hi"}, headers=auth_headers(user_id))
    (key,) = await resources.redis.keys(f"ai-assistant:budget:{user_id}:*")
    assert await resources.redis.hget(key, "spent") == "58"
