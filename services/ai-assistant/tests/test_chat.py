from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from ai_assistant.conversations import Conversations, Turn
from ai_assistant.models import Conversation, Message, TokenUsage
from ai_assistant.usage import TOKENS
from ai_assistant_testing.stand_in import StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.problems import ProblemError
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, PublishedEvents

MODELS = {"openai": "gpt-5.5", "anthropic": "claude-sonnet-5"}
ANSWER = "Use Записать()."


@pytest.mark.parametrize("provider", MODELS)
async def test_answers_and_remembers(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, provider: str
) -> None:
    headers, model = auth_headers(), MODELS[provider]
    first = await client.post("/chat", json={"message": " How to save? ", "model": model}, headers=headers)
    assert first.status_code == 200, first.text
    answer = first.json()
    assert answer["message"] == ANSWER
    assert (answer["model"], answer["fallback_for"], answer["finish_reason"]) == (model, None, "stop")
    assert answer["usage"] == {"input_tokens": 21, "output_tokens": 8, "estimated": False}

    body = {"message": "And then?", "model": model, "conversation_id": answer["conversation_id"]}
    second = await client.post("/chat", json=body, headers=headers)
    assert second.json()["conversation_id"] == answer["conversation_id"]
    assert second.json()["message_id"] != answer["message_id"]
    sent = stand_in.requests[-1].body["messages"]
    assert [(message["role"], message["content"]) for message in sent if message["role"] != "system"] == [
        ("user", "How to save?"),
        ("assistant", ANSWER),
        ("user", "And then?"),
    ]


async def test_what_openai_is_asked(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())
    sent = stand_in.requests[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.body["model"] == "gpt-5.5"
    assert sent.body["messages"][0]["role"] == "system"
    assert "1C:Enterprise" in sent.body["messages"][0]["content"]
    assert sent.body["max_completion_tokens"] == 2048
    assert sent.body["stream_options"] == {"include_usage": True}


async def test_what_anthropic_is_asked(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    body = {"message": "Hi", "model": "claude-sonnet-5"}
    await client.post("/chat", json=body, headers=auth_headers())
    sent = stand_in.requests[0]
    assert (sent.path, sent.body["max_tokens"], sent.body["stream"]) == ("/v1/messages", 2048, True)
    assert "1C:Enterprise" in sent.body["system"]


@pytest.mark.parametrize("provider", MODELS)
async def test_usage_is_on_record_and_told(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    published_events: PublishedEvents,
    clean_tables: None,
    provider: str,
) -> None:
    user_id, model = uuid4(), MODELS[provider]
    before = TOKENS.labels(provider, model, "output")._value.get()
    body = {"message": "Hi", "model": model}
    answer = await client.post("/chat", json=body, headers=auth_headers(user_id))
    async with resources.require_database().session() as session:
        usage = (await session.scalars(select(TokenUsage))).one()
    assert (usage.user_id, usage.operation, usage.provider, usage.model) == (user_id, "chat", provider, model)
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (21, 8, False)
    event = (await published_events())[-1]
    assert (event["type"], event["source"], event["user_id"]) == ("ai.usage", "ai-assistant", str(user_id))
    assert event["data"] == {
        "operation": "chat",
        "provider": provider,
        "model": model,
        "input_tokens": 21,
        "output_tokens": 8,
        "estimated": False,
        "fallback_for": None,
    }
    assert event["request_id"] == answer.headers["x-request-id"]
    assert TOKENS.labels(provider, model, "output")._value.get() == before + 8
    metrics = (await client.get("/metrics")).text
    assert f'ai_tokens_total{{kind="input",model="{model}",provider="{provider}"}}' in metrics


async def test_without_the_providers_count_usage_is_estimated(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(with_usage=False)
    usage = (await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())).json()["usage"]
    assert usage["estimated"]
    assert usage["input_tokens"] > 50
    assert usage["output_tokens"] == 6


async def test_conversations_are_their_users_own(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    first = await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())
    for conversation_id in (first.json()["conversation_id"], str(uuid4())):
        for stream in (False, True):
            body = {"message": "Hi", "conversation_id": conversation_id, "stream": stream}
            answer = await client.post("/chat", json=body, headers=auth_headers())
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("model", MODELS.values())
async def test_what_the_model_declines_is_not_remembered(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    clean_tables: None,
    model: str,
) -> None:
    body = {"message": "Hi", "model": model}
    stand_in.script.extend([Reply(reason="refusal"), Reply(pieces=(), reason="refusal")])
    partly = await client.post("/chat", json=body, headers=auth_headers())
    assert partly.json()["finish_reason"] == "refusal"
    assert partly.json()["conversation_id"] is None
    wholly = await client.post("/chat", json=body, headers=auth_headers())
    assert wholly.status_code == 422
    async with resources.require_database().session() as session:
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 0
        assert await session.scalar(select(func.count()).select_from(TokenUsage)) == 2


async def test_a_refusal_in_words_is_a_refusal(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(refusal="I cannot help with that.")
    assert (await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())).status_code == 422


async def test_an_answer_without_text_is_an_error(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(pieces=(" ",), reason="length")
    answer = await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())
    assert answer.status_code == 422
    assert "AI_MAX_OUTPUT_TOKENS" in answer.json()["detail"]


async def test_the_history_is_whole_turns_that_fit(resources: Resources) -> None:
    conversations, user_id = Conversations(resources.require_database()), uuid4()
    conversation_id, _ = await conversations.start(user_id, Turn("q" * 40, "a" * 40, "gpt-5.5"))
    for number in range(3):
        await conversations.append(user_id, conversation_id, Turn(f"q{number}", "a" * 38, "gpt-5.5"))
    kept = await conversations.history(user_id, conversation_id, 25)
    assert [message.content[:2] for message in kept] == ["q1", "aa", "q2", "aa"]
    assert [message.role for message in kept] == ["user", "assistant"] * 2
    assert len(await conversations.history(user_id, conversation_id, 1000)) == 8
    assert await conversations.history(user_id, conversation_id, 0) == []
    with pytest.raises(ProblemError):
        await conversations.append(uuid4(), conversation_id, Turn("q", "a", "gpt-5.5"))
    async with resources.require_database().session() as session:
        statement = select(Message.position).where(Message.conversation_id == UUID(str(conversation_id)))
        assert sorted(await session.scalars(statement)) == list(range(8))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": "  "},
        {"message": "a\u0000b"},
        {"message": "a" * 32_001},
        {"message": "Hi", "conversation_id": "7"},
        {"message": "Hi", "model": "two words"},
    ],
)
async def test_bad_requests(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, body: dict[str, str]
) -> None:
    answer = await client.post("/chat", json=body, headers=auth_headers())
    assert answer.status_code == 422
    assert stand_in.requests == []


async def test_a_model_that_is_not_allowed(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    requests: dict[str, dict[str, str]] = {
        "/chat": {"message": "Hi"},
        "/generate": {"kind": "query", "description": "All"},
    }
    for path, body in requests.items():
        answer = await client.post(path, json={**body, "model": "whisper-1"}, headers=auth_headers())
        assert answer.status_code == 403
        assert "AI_ALLOWED_MODELS" in answer.json()["detail"]
    assert stand_in.requests == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/chat", {"message": "Hi"}),
        ("POST", "/generate", {"kind": "query", "description": "All"}),
        ("GET", "/models", None),
        ("GET", "/conversations", None),
        ("GET", f"/conversations/{uuid4()}", None),
        ("DELETE", f"/conversations/{uuid4()}", None),
    ],
)
async def test_a_token_is_required(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, str] | None
) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
