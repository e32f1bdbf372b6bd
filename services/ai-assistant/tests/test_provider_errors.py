import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from ai_assistant.app import build_app
from ai_assistant.models import TokenUsage
from ai_assistant.settings import Settings
from ai_assistant_testing.stand_in import ANTHROPIC_KEY, OPENAI_KEY, Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, running
from assistants_testing.processes import free_port

MODELS = ["gpt-4", "claude-sonnet-5"]


async def ask(client: httpx.AsyncClient, headers: dict[str, str], model: str) -> httpx.Response:
    return await client.post("/chat", json={"message": "Hi", "model": model}, headers=headers)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("status", "ours", "attempts"),
    [
        (400, 422, 1),
        (401, 502, 1),
        (403, 502, 1),
        (404, 422, 1),
        (408, 504, 2),
        (413, 422, 1),
        (429, 503, 2),
        (500, 502, 2),
        (503, 503, 2),
        (529, 503, 2),
    ],
)
async def test_statuses(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    model: str,
    status: int,
    ours: int,
    attempts: int,
) -> None:
    user_id = uuid4()
    stand_in.reply = Failure(status)
    answer = await ask(client, auth_headers(user_id), model)
    assert answer.status_code == ours
    assert answer.headers["content-type"] == "application/problem+json"
    assert "stand-in" not in answer.text
    assert ("retry-after" in answer.headers) == (ours == 503)
    assert len(stand_in.requests) == attempts
    async with resources.require_database().session() as session:
        usage = await session.scalars(select(TokenUsage).where(TokenUsage.user_id == user_id))
        assert usage.all() == []


async def test_the_providers_retry_after_is_passed_on(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Failure(429, headers={"retry-after": "42"})
    assert (await ask(client, auth_headers(), "gpt-4")).headers["retry-after"] == "42"


@pytest.mark.parametrize("model", MODELS)
async def test_one_failure_is_made_up_for(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.script.append(Failure(500))
    assert (await ask(client, auth_headers(), model)).status_code == 200


@pytest.mark.parametrize(
    ("model", "error", "ours"),
    [
        ("gpt-4", "server_error", 502),
        ("claude-sonnet-5", "api_error", 502),
        ("claude-sonnet-5", "overloaded_error", 503),
        ("claude-sonnet-5", "rate_limit_error", 503),
        ("claude-sonnet-5", "timeout_error", 504),
        ("claude-sonnet-5", "invalid_request_error", 422),
    ],
)
async def test_errors_within_a_stream(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str, error: str, ours: int
) -> None:
    stand_in.reply = Reply(error=error)
    assert (await ask(client, auth_headers(), model)).status_code == ours


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("reply", "ours"),
    [(Reply(cut=True), 502), (Reply(drops=True), 503), (Reply(garbage=True), 502), (Reply(hangs=True), 504)],
    ids=["cut", "dropped", "garbage", "silence"],
)
async def test_streams_that_do_not_end_well(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    model: str,
    reply: Reply,
    ours: int,
) -> None:
    user_id = uuid4()
    stand_in.reply = reply
    assert (await ask(client, auth_headers(user_id), model)).status_code == ours
    async with resources.require_database().session() as session:
        usage = (await session.scalars(select(TokenUsage).where(TokenUsage.user_id == user_id))).one()
    assert usage.estimated
    assert usage.output_tokens == 6


async def test_a_provider_that_is_away(
    platform_settings: dict[str, Any], auth_headers: AuthHeaders, resources: Resources
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    settings = Settings.model_validate(
        {
            **platform_settings,
            "openai_api_key": OPENAI_KEY,
            "openai_base_url": away,
            "anthropic_api_key": ANTHROPIC_KEY,
            "anthropic_base_url": away,
        }
    )
    user_id = uuid4()
    async with running(build_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            for model in MODELS:
                answer = await ask(client, auth_headers(user_id), model)
                assert answer.status_code == 503
                assert "The connection to" in answer.json()["detail"]
            assert (await client.get("/models", headers=auth_headers())).status_code == 503
    async with resources.require_database().session() as session:
        assert await session.scalar(select(TokenUsage).where(TokenUsage.user_id == user_id)) is None


@pytest.mark.parametrize("model", MODELS)
async def test_a_silence_within_a_stream_ends_it(
    settings: Settings, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    """The SDK's own limit, well before that of the whole stream."""
    stand_in.reply = Reply(hangs=True)
    hasty = settings.model_copy(update={"ai_timeout_seconds": 0.3, "ai_stream_seconds": 10})
    async with running(build_app(hasty)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            body = {"message": "Hi", "model": model, "stream": True}
            async with asyncio.timeout(5):
                answer = await client.post("/chat", json=body, headers=auth_headers())
    assert '"status":504' in answer.text.partition("event: error")[2]


async def test_a_wrong_key_is_not_shown(
    platform_settings: dict[str, Any],
    providers: tuple[StandIn, str],
    auth_headers: AuthHeaders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = {"openai_api_key": "sk-wrong", "openai_base_url": f"{providers[1]}/v1"}
    async with running(build_app(Settings.model_validate({**platform_settings, **wrong}))) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            answer = await ask(client, auth_headers(), "gpt-4")
    assert answer.status_code == 502
    assert "key" in answer.json()["detail"]
    for secret in ("sk-wrong", OPENAI_KEY):
        assert secret not in answer.text
        assert secret not in caplog.text
