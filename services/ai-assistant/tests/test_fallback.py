import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from ai_assistant.app import build_app
from ai_assistant.models import Message, TokenUsage
from ai_assistant.providers.registry import Providers
from ai_assistant.settings import Settings
from ai_assistant_testing.serving import given_up, serving
from ai_assistant_testing.stand_in import ANSWER_SECONDS, Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, PublishedEvents, running
from assistants_testing.waiting import patiently

FIRST, SECOND = "gpt-5.5", "claude-sonnet-5"
OVERLOADED = Failure(529, "overloaded_error")


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    with_fallback = settings.model_copy(update={"ai_fallback_model": SECOND})
    async with running(build_app(with_fallback)) as application:
        yield application


async def ask(client: httpx.AsyncClient, headers: dict[str, str], **more: object) -> httpx.Response:
    return await client.post("/chat", json={"message": "Hi", **more}, headers=headers)


async def usage_of(resources: Resources, user_id: UUID) -> list[TokenUsage]:
    statement = select(TokenUsage).where(TokenUsage.user_id == user_id).order_by(TokenUsage.model.desc())
    async with resources.require_database().session() as session:
        return list(await session.scalars(statement))


@pytest.mark.parametrize(
    "failure",
    [
        OVERLOADED,
        Failure(500),
        Failure(503),
        Failure(429),
        Failure(504),
        Reply(pieces=(), error="server_error"),
        Reply(pieces=(), drops=True),
        Reply(pieces=(), cut=True),
        Reply(pieces=(), hangs=True),
    ],
    ids=["529", "500", "503", "429", "504", "error", "drop", "cut", "silence"],
)
async def test_another_provider_answers(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    failure: Failure | Reply,
) -> None:
    user_id = uuid4()
    silent = failure == Reply(pieces=(), hangs=True)
    attempts = 1 if silent else 2
    stand_in.script.extend([failure] * attempts)
    call = ask(client, auth_headers(user_id))
    answer = await (given_up(stand_in, call, ANSWER_SECONDS / 2) if silent else call)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["model"], answer.json()["fallback_for"]) == (SECOND, FIRST)
    assert [request.body["model"] for request in stand_in.requests] == [FIRST] * attempts + [SECOND]
    usage = (await usage_of(resources, user_id))[-1]
    assert (usage.provider, usage.model, usage.fallback_for) == ("anthropic", SECOND, FIRST)
    async with resources.require_database().session() as session:
        stored = await session.get(Message, UUID(answer.json()["message_id"]))
    assert stored is not None
    assert stored.model == SECOND


async def test_the_event_names_both_models(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    published_events: PublishedEvents,
) -> None:
    stand_in.script.extend([OVERLOADED] * 2)
    await ask(client, auth_headers())
    data = (await published_events())[-1]["data"]
    assert (data["model"], data["fallback_for"]) == (SECOND, FIRST)
    metrics = (await client.get("/metrics")).text
    assert 'ai_fallbacks_total{provider="openai"}' in metrics


async def test_what_the_first_model_cost_is_counted_too(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources
) -> None:
    """A silent provider may have counted the input: it was reached."""
    user_id = uuid4()
    stand_in.script.append(Reply(pieces=(), hangs=True))
    await given_up(stand_in, ask(client, auth_headers(user_id)), ANSWER_SECONDS / 2)
    second, first = sorted(await usage_of(resources, user_id), key=lambda usage: usage.model)
    assert (first.model, first.fallback_for, first.estimated, first.output_tokens) == (FIRST, None, True, 0)
    assert (second.input_tokens, second.output_tokens) == (21, 8)
    (key,) = await resources.redis.keys(f"ai-assistant:budget:{user_id}:*")
    assert await resources.redis.hget(key, "spent") == str(first.input_tokens + 29)


async def test_a_stream_says_who_answered(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.script.extend([OVERLOADED] * 2)
    answer = await ask(client, auth_headers(), stream=True)
    done = json.loads(answer.text.partition("event: done\ndata: ")[2])
    assert (done["model"], done["fallback_for"]) == (SECOND, FIRST)


async def test_code_says_who_wrote_it(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.script.extend([OVERLOADED] * 2)
    body = {"kind": "query", "description": "All"}
    answer = (await client.post("/generate", json=body, headers=auth_headers())).json()
    assert (answer["model"], answer["fallback_for"]) == (SECOND, FIRST)


@pytest.mark.parametrize("stream", [True, False])
async def test_after_the_first_text_a_failure_stays_one(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, stream: bool
) -> None:
    stand_in.script.append(Reply(drops=True))
    answer = await ask(client, auth_headers(), stream=stream)
    assert len(stand_in.requests) == 1
    assert answer.status_code == 200 if stream else 503
    assert '"status":503' in answer.text


@pytest.mark.parametrize("failure", [Failure(400), Failure(401), Failure(403), Failure(404)])
async def test_what_another_provider_would_only_hide_is_told(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, failure: Failure
) -> None:
    stand_in.script.append(failure)
    assert (await ask(client, auth_headers())).status_code in {422, 503}
    assert len(stand_in.requests) == 1


async def test_when_both_fail_both_are_named(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.script.extend([Failure(504)] * 2)
    stand_in.reply = OVERLOADED
    answer = await ask(client, auth_headers())
    assert answer.status_code == 504
    detail = answer.json()["detail"]
    assert "openai did not answer in time" in detail
    assert SECOND in detail
    assert "anthropic is overloaded" in detail
    assert len(stand_in.requests) == 4


async def test_a_fallback_that_breaks_off_speaks_for_itself(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.script.extend([OVERLOADED] * 2)
    stand_in.reply = Reply(cut=True)
    answer = await ask(client, auth_headers())
    assert answer.json()["detail"] == "The answer of anthropic broke off."


async def test_the_fallback_model_has_no_fallback(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = OVERLOADED
    answer = await ask(client, auth_headers(), model=SECOND)
    assert (answer.status_code, len(stand_in.requests)) == (503, 2)


async def test_a_client_that_leaves_stops_the_fallback_too(
    settings: Settings, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources
) -> None:
    """It leaves while the first model is silent; the second is never asked."""
    user_id = uuid4()
    stand_in.reply = Reply(pieces=(), hangs=True)
    patient = settings.model_copy(update={"ai_fallback_model": SECOND})
    async with running(build_app(patient)) as app, serving(app) as url, httpx.AsyncClient() as client:
        call = client.post(f"{url}/chat", json={"message": "Hi"}, headers=auth_headers(user_id))
        asking = asyncio.create_task(call)
        await patiently(stand_in.silent.wait())
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await patiently(stand_in.abandoned.wait())
    assert [usage.model for usage in await usage_of(resources, user_id)] == [FIRST]
    assert len(stand_in.requests) == 1


async def test_without_its_key_the_fallback_is_left_out(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    missing = dict.fromkeys(("anthropic_api_key", "anthropic_base_url", "openai_base_url"))
    providers = Providers(settings.model_copy(update={"ai_fallback_model": SECOND, **missing}))
    assert "no key for the fallback model" in caplog.text
    assert [candidate.model for candidate in providers.candidates(FIRST)] == [FIRST]
    await providers.close()
