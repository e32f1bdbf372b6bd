from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from ai_assistant.app import build_app
from ai_assistant.models import TokenUsage
from ai_assistant.settings import Settings
from ai_assistant_testing.serving import given_up
from ai_assistant_testing.stand_in import ANSWER_SECONDS, ANTHROPIC_KEY, OPENAI_KEY, Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, running
from assistants_testing.processes import free_port

MODELS = ["gpt-5.5", "claude-sonnet-5"]


async def ask(client: httpx.AsyncClient, headers: dict[str, str], model: str) -> httpx.Response:
    return await client.post("/chat", json={"message": "Hi", "model": model}, headers=headers)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("status", "ours", "attempts"),
    [
        (400, 422, 1),
        (401, 503, 1),
        (402, 503, 1),
        (403, 503, 1),
        (408, 504, 2),
        (413, 422, 1),
        (429, 503, 2),
        (418, 502, 1),
        (500, 503, 2),
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
    assert ("retry-after" in answer.headers) == (ours == 503 and attempts > 1)
    assert len(stand_in.requests) == attempts
    async with resources.require_database().session() as session:
        usage = await session.scalars(select(TokenUsage).where(TokenUsage.user_id == user_id))
        assert usage.all() == []


async def test_a_model_the_provider_has_ended_is_the_settings_fault_when_they_name_it(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    message = "The model `gpt-5.5` does not exist or you do not have access to it."
    stand_in.reply = Failure(404, "invalid_request_error", {}, "model_not_found", message)
    default = await ask(client, auth_headers(), "gpt-5.5")
    assert default.status_code == 503
    assert "does not know the model 'gpt-5.5': set AI_MODEL" in default.json()["detail"]
    assert "retry-after" not in default.headers
    other = await ask(client, auth_headers(), "gpt-5")
    assert other.status_code == 422
    assert "does not know the model 'gpt-5'" in other.json()["detail"]
    assert "AI_MODEL" in other.json()["detail"]


async def test_an_unpaid_account_is_not_asked_again(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Failure(429, "insufficient_quota")
    answer = await ask(client, auth_headers(), "gpt-5.5")
    assert (answer.status_code, len(stand_in.requests)) == (503, 1)
    assert "paid" in answer.json()["detail"]


@pytest.mark.parametrize(
    "retry_after",
    [{"retry-after": "30"}, {"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}],
    ids=["s", "date"],
)
async def test_a_provider_that_asks_for_a_long_pause_is_not_asked_again(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, retry_after: dict[str, str]
) -> None:
    stand_in.reply = Failure(429, headers=retry_after)
    answer = await ask(client, auth_headers(), "gpt-5.5")
    assert (answer.status_code, len(stand_in.requests)) == (503, 1)
    assert answer.headers["retry-after"] in {"30", "3600"}


async def test_a_provider_that_says_not_to_try_again_is_heard(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Failure(500, headers={"x-should-retry": "false"})
    assert (await ask(client, auth_headers(), "claude-sonnet-5")).status_code == 503
    assert len(stand_in.requests) == 1


_OPENAI_SHAPES = [
    b"data: null\n\n",
    b"data: []\n\n",
    b'data: "text"\n\n',
    b"data: {}\n\n",
    b'data: {"choices": [null]}\n\n',
    b'data: {"choices": [{"delta": null}]}\n\n',
    b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
    b'data: {"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": 2}}\n\n',
    b'data: {"choices": [], "usage": {"prompt_tokens": "many", "completion_tokens": 2.5}}\n\n',
    b"data: \xff\xfe\n\n",
]
_ANTHROPIC_SHAPES = [
    b"event: content_block_delta\ndata: null\n\n",
    b'event: message_start\ndata: {"type": "message_start"}\n\n',
    b'event: content_block_delta\ndata: {"type": "content_block_delta", "delta": null}\n\n',
    (
        b'event: content_block_delta\ndata: {"type": "content_block_delta",'
        b' "delta": {"type": "text_delta", "text": 5}}\n\n'
    ),
    b'event: message_delta\ndata: {"type": "message_delta", "delta": {}, "usage": {"output_tokens": -4}}\n\n',
]


@pytest.mark.parametrize(
    ("model", "raw"),
    [("gpt-5.5", raw) for raw in _OPENAI_SHAPES] + [("claude-sonnet-5", raw) for raw in _ANTHROPIC_SHAPES],
)
async def test_malformed_events_are_never_our_fault(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str, raw: bytes
) -> None:
    stand_in.reply = Reply(raw=raw)
    assert (await ask(client, auth_headers(), model)).status_code == 502
    stand_in.reply = Reply()
    assert (await ask(client, auth_headers(), model)).status_code == 200


@pytest.mark.parametrize("model", MODELS)
async def test_text_that_cannot_be_stored_is_cleaned(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.reply = Reply(pieces=("a\0b", "\ud800c"))
    answer = await ask(client, auth_headers(), model)
    assert (answer.status_code, answer.json()["message"]) == (200, "ab?c")


async def test_the_providers_retry_after_is_passed_on(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Failure(429, headers={"retry-after": "42"})
    assert (await ask(client, auth_headers(), "gpt-5.5")).headers["retry-after"] == "42"


@pytest.mark.parametrize("model", MODELS)
async def test_one_failure_is_made_up_for(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.script.append(Failure(500))
    assert (await ask(client, auth_headers(), model)).status_code == 200


@pytest.mark.parametrize(
    ("model", "error", "ours"),
    [
        ("gpt-5.5", "server_error", 503),
        ("gpt-5.5", "rate_limit_exceeded", 503),
        ("gpt-5.5", "whatever_error", 502),
        ("claude-sonnet-5", "api_error", 503),
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
    call = ask(client, auth_headers(user_id), model)
    answer = await (given_up(stand_in, call, ANSWER_SECONDS) if reply.hangs else call)
    assert answer.status_code == ours
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
    hasty = settings.model_copy(update={"ai_timeout_seconds": 30})
    async with running(build_app(hasty)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            body = {"message": "Hi", "model": model, "stream": True}
            answer = await given_up(stand_in, client.post("/chat", json=body, headers=auth_headers()), 31)
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
            answer = await ask(client, auth_headers(), "gpt-5.5")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "openai refused the key in OPENAI_API_KEY."
    for secret in ("sk-wrong", OPENAI_KEY):
        assert secret not in answer.text
        assert secret not in caplog.text
