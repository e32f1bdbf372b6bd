"""Empty or broken answers, and incomplete pieces, as a user sees them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from ai_assistant import attempts
from ai_assistant.app import build_app
from ai_assistant.calls import Tally
from ai_assistant.models import TokenUsage
from ai_assistant.providers.base import ChatMessage, Prompt, Text, Thought, estimate_tokens
from ai_assistant.providers.characters import Characters
from ai_assistant.providers.registry import Candidate
from ai_assistant.settings import Settings
from ai_assistant_testing import wire
from ai_assistant_testing.stand_in import StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, running

MODELS = ["gpt-5.5", "claude-sonnet-5"]
MOST_TOKENS = 50


@asynccontextmanager
async def client_of(settings: Settings, **changed: object) -> AsyncIterator[httpx.AsyncClient]:
    async with running(build_app(settings.model_copy(update=changed))) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service.test", timeout=60
        ) as client:
            yield client


async def ask(client: httpx.AsyncClient, headers: dict[str, str], model: str, **more: Any) -> httpx.Response:  # noqa: ANN401
    return await client.post("/chat", json={"message": "Hi", "model": model, **more}, headers=headers)


def prompt(max_tokens: int) -> Prompt:
    return Prompt("gpt-5.5", "", [ChatMessage("user", "Hi")], max_tokens)


class Nowhere:
    name = "openai"


def tally(max_tokens: int = 1) -> Tally:
    return Tally(Candidate("gpt-5.5", Nowhere()), prompt(max_tokens))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["\ud83d", "\ude00"], "\U0001f600"),
        (["a\ud83d", "", "\ude00b"], "a\U0001f600b"),
        (["\ud83d\0", "\0\ude00"], "\U0001f600"),
        (["\ud83d\ude00", "\ud83d", "\ude00"], "\U0001f600\U0001f600"),
        (["\ud83d", "x", "\ude00"], "?x?"),
        (["\ude00", "\ud83d"], "??"),
        (["e\u0301", "\u0301"], "e\u0301\u0301"),
        (list("Готово \U0001f469\u200d\U0001f4bb"), "Готово \U0001f469\u200d\U0001f4bb"),
    ],
)
def test_characters_in_pieces(pieces: list[str], whole: str) -> None:
    characters = Characters()
    found = "".join([*(characters.feed(piece) for piece in pieces), characters.rest()])
    assert found == whole


@pytest.mark.parametrize("model", MODELS)
async def test_a_pair_cut_by_the_end_is_told_once(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.reply = Reply(pieces=("Готово \ud83d", "\ude00", "\ud83d"))
    whole = await ask(client, auth_headers(), model)
    assert whole.json()["message"] == "Готово \U0001f600?"
    streamed = await ask(client, auth_headers(), model, stream=True)
    events = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: ")]
    assert "".join(event.get("text", "") for event in events) == "Готово \U0001f600?"


@pytest.mark.parametrize("kind", [Text, Thought])
@pytest.mark.parametrize("piece", ["слово ", "word", "\U0001f600", "ы" * 1000])
def test_what_is_longer_than_asked_for_is_cut(kind: type[Text], piece: str) -> None:
    found = tally(max_tokens=10)
    for _ in range(1000):
        if found.cut:
            break
        found.take(kind(piece))
    taken = "".join([*found.texts, *found.thoughts])
    assert found.cut
    assert 10 * 4 < len(taken.encode()) <= 10 * 16
    assert (piece * 100).startswith(taken)


def test_what_fits_is_not_cut() -> None:
    """Cyrillic text of 8 bytes a token, more than any model writes on the average."""
    found = tally(max_tokens=100)
    found.take(Text("сло" * 133))
    assert not found.cut
    assert found.usage().output_tokens == estimate_tokens("сло" * 133)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pieces", [("слово ",) * 10_000, ("x" * 1_000_000,)], ids=["words", "one"])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_without_end_is_cut_and_paid_as_far_as_it_came(
    settings: Settings,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    model: str,
    pieces: tuple[str, ...],
    stream: bool,
) -> None:
    user_id = uuid4()
    stand_in.reply = Reply(pieces=pieces, hangs=True)
    times = {"ai_timeout_seconds": 60, "ai_stream_seconds": 60}
    async with client_of(settings, ai_max_output_tokens=MOST_TOKENS, **times) as client:
        answer = await ask(client, auth_headers(user_id), model, stream=stream)
    assert answer.status_code == 200, answer.text
    assert '"finish_reason":"length"' in answer.text
    async with resources.require_database().session() as session:
        usage = (await session.scalars(select(TokenUsage).where(TokenUsage.user_id == user_id))).one()
    assert usage.estimated
    assert MOST_TOKENS <= usage.output_tokens <= MOST_TOKENS * 4


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("reason", ["length", "stop"])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_without_text_is_no_broken_service(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    model: str,
    reason: str,
    stream: bool,
) -> None:
    stand_in.reply = Reply(pieces=(), output_tokens=2048, reason=reason)
    answer = await ask(client, auth_headers(), model, stream=stream)
    assert answer.status_code == 422
    assert model in answer.json()["detail"]
    assert ("2048 tokens (AI_MAX_OUTPUT_TOKENS)" in answer.json()["detail"]) == (reason == "length")


def openai_thought(model: str) -> bytes:
    choice = {"index": 0, "delta": {"content": None, "reasoning_content": "hm "}, "finish_reason": None}
    return f"data: {json.dumps({'model': model, 'choices': [choice]})}\n\n".encode()


def anthropic_thought() -> bytes:
    delta = {"type": "thinking_delta", "thinking": "hm "}
    document = {"type": "content_block_delta", "index": 0, "delta": delta}
    return f"event: content_block_delta\ndata: {json.dumps(document)}\n\n".encode()


@pytest.fixture
def thinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in sends the piece "think" as a thought."""
    openai, anthropic = wire.openai_piece, wire.anthropic_piece
    monkeypatch.setattr(
        wire,
        "openai_piece",
        lambda model, text: openai_thought(model) if text == "think" else openai(model, text),
    )
    monkeypatch.setattr(
        wire, "anthropic_piece", lambda text: anthropic_thought() if text == "think" else anthropic(text)
    )


@pytest.fixture
async def with_fallback(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """The first model may be silent for 3 s, the second for a minute."""
    monkeypatch.setattr(attempts, "SHARE_OF_THE_FIRST", 0.05)
    times = {"ai_timeout_seconds": 60, "ai_stream_seconds": 60}
    async with client_of(settings, ai_fallback_model="claude-haiku-4-5", **times) as client:
        yield client


async def test_who_thinks_aloud_is_waited_for(
    with_fallback: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, thinking: None
) -> None:
    stand_in.reply = Reply(pieces=(*("think",) * 10, "Answer"), pause=0.4)
    answer = await ask(with_fallback, auth_headers(), MODELS[0])
    assert (answer.json()["message"], answer.json()["model"]) == ("Answer", MODELS[0])
    assert len(stand_in.requests) == 1


@pytest.mark.parametrize("model", MODELS)
async def test_who_stops_thinking_is_not(
    with_fallback: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    thinking: None,
    model: str,
) -> None:
    stand_in.script.append(Reply(pieces=("think",), hangs=True))
    answer = await ask(with_fallback, auth_headers(), model)
    assert (answer.status_code, answer.json()["model"]) == (200, "claude-haiku-4-5")


@pytest.mark.parametrize("model", MODELS)
async def test_thoughts_are_paid_for_when_no_count_comes(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    thinking: None,
    model: str,
) -> None:
    user_id = uuid4()
    stand_in.reply = Reply(pieces=("think",) * 100, drops=True)
    assert (await ask(client, auth_headers(user_id), model)).status_code == 503
    async with resources.require_database().session() as session:
        usage = (await session.scalars(select(TokenUsage).where(TokenUsage.user_id == user_id))).all()
    assert [record.output_tokens for record in usage] == [75, 75]
