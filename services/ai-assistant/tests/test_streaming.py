import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from ai_assistant.calls import Tally
from ai_assistant.models import Message, TokenUsage
from ai_assistant.providers.base import Text
from ai_assistant.usage import UsageLedger
from ai_assistant_testing.stand_in import ANSWER_SECONDS, HEARTBEAT_SECONDS, Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders
from assistants_testing.waiting import pass_time, patience, patiently, until

MODELS = ["gpt-5.5", "claude-sonnet-5"]
Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture
async def live(service_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service_url, timeout=3600) as client:
        yield client


def parse(text: str) -> Events:
    """The events of a stream, with comments as events of the name ':'."""
    events: Events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if block.startswith(":"):
            events.append((":", {}))
        else:
            name, data = block.split("\n")
            events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def body(model: str = "gpt-5.5", **more: object) -> dict[str, object]:
    return {"message": "Hi", "model": model, "stream": True, **more}


async def usage_of(resources: Resources, user_id: UUID) -> TokenUsage:
    async with patience():
        while True:
            async with resources.require_database().session() as session:
                usage = await session.scalar(select(TokenUsage).where(TokenUsage.user_id == user_id))
            if usage:
                return usage
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("model", MODELS)
async def test_streams_an_answer(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources, model: str
) -> None:
    answer = await live.post("/chat", json=body(model), headers=auth_headers())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "content-length" not in answer.headers
    # A machine that is busy sends heartbeats meanwhile.
    events = [event for event in parse(answer.text) if event[0] != ":"]
    assert [(name, data["text"]) for name, data in events[:-1]] == [
        ("delta", "Use "),
        ("delta", "Записать()."),
    ]
    name, done = events[-1]
    assert name == "done"
    assert set(done) == {
        "conversation_id",
        "message_id",
        "model",
        "fallback_for",
        "finish_reason",
        "usage",
    }
    assert done["usage"] == {"input_tokens": 21, "output_tokens": 8, "estimated": False}
    async with resources.require_database().session() as session:
        stored = await session.get(Message, UUID(done["message_id"]))
    assert stored is not None
    assert (stored.content, stored.model) == ("Use Записать().", model)


async def test_text_comes_as_the_model_gives_it(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(hangs=True)
    async with live.stream("POST", "/chat", json=body(), headers=auth_headers()) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "event: delta"
    await patiently(stand_in.abandoned.wait())


async def test_heartbeats_while_the_model_is_silent(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(pieces=("slow",), pause=2 * HEARTBEAT_SECONDS + 10)
    asking = asyncio.create_task(live.post("/chat", json=body(), headers=auth_headers()))
    await patiently(stand_in.silent.wait())
    for seconds in (HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, 11):
        await pass_time(seconds)
    names = [name for name, _ in parse((await patiently(asking)).text)]
    assert names[:2] == [":", ":"]
    assert [name for name in names if name != ":"] == ["delta", "done"]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """The text that the service has read of the models' answers so far."""
    heard, take = list[Text](), Tally.take

    def noting(tally: Tally, piece: Text) -> str:
        heard.append(piece)
        return take(tally, piece)

    monkeypatch.setattr(Tally, "take", noting)
    return heard


async def leave_when_silent(
    live: httpx.AsyncClient, stand_in: StandIn, request: dict[str, object], headers: dict[str, str]
) -> None:
    """Ask, and close the connection when the model has said all it ever will."""
    await leave_when(stand_in.silent.is_set, live, request, headers)


async def leave_when(
    said: Callable[[], bool], live: httpx.AsyncClient, request: dict[str, object], headers: dict[str, str]
) -> None:
    asking = asyncio.create_task(live.post("/chat", json=request, headers=headers))
    await until(said)
    await pass_time(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", MODELS)
async def test_a_client_that_leaves_stops_the_call_and_pays_for_what_came(
    live: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    heard: list[Text],
    model: str,
    stream: bool,
) -> None:
    user_id = uuid4()
    stand_in.reply = Reply(pieces=("four", "four"), hangs=True)
    await leave_when(lambda: len(heard) == 2, live, body(model, stream=stream), auth_headers(user_id))
    await patiently(stand_in.abandoned.wait())
    usage = await usage_of(resources, user_id)
    assert usage.estimated
    assert usage.output_tokens == 2
    assert usage.input_tokens == 21 if model.startswith("claude") else usage.input_tokens > 50
    async with resources.require_database().session() as session:
        left = select(func.count()).select_from(Message).where(Message.content == "fourfour")
        assert await session.scalar(left) == 0


async def test_a_client_that_leaves_while_its_usage_is_recorded_pays_all_of_it(
    live: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id, record, begun, left = uuid4(), UsageLedger.record, asyncio.Event(), asyncio.Event()

    async def slowly(ledger: UsageLedger, *what: Any) -> None:  # noqa: ANN401 - passed on as it is
        begun.set()
        await left.wait()
        await record(ledger, *what)

    monkeypatch.setattr(UsageLedger, "record", slowly)
    async with live.stream("POST", "/chat", json=body(), headers=auth_headers(user_id)):
        await patiently(begun.wait())
    await pass_time(0)
    left.set()
    usage = await usage_of(resources, user_id)
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (21, 8, False)


async def test_only_models_a_provider_answered_for_become_labels(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources
) -> None:
    user_id = uuid4()
    stand_in.reply = Reply(pieces=(), hangs=True)
    request = body("gpt-made-up", stream=False)
    await leave_when_silent(live, stand_in, request, auth_headers(user_id))
    assert (await usage_of(resources, user_id)).model == "gpt-made-up"
    metrics = (await live.get("/metrics")).text
    assert "gpt-made-up" not in metrics
    assert 'ai_tokens_total{kind="input",model="unconfirmed",provider="openai"}' in metrics


@pytest.mark.parametrize("model", MODELS)
async def test_a_failure_before_the_first_text_has_its_status(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.reply = Failure(500)
    answer = await live.post("/chat", json=body(model), headers=auth_headers())
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("model", MODELS)
async def test_a_later_failure_is_an_event(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, model: str
) -> None:
    stand_in.reply = Reply(cut=True)
    answer = await live.post("/chat", json=body(model), headers=auth_headers())
    name, problem = parse(answer.text)[-1]
    assert (answer.status_code, name, problem["status"]) == (200, "error", 502)
    assert problem["instance"] == "/chat"
    assert problem["request_id"] == answer.headers["x-request-id"]


async def test_a_stream_has_an_end(
    live: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.reply = Reply(pieces=["x"] * 100, pause=ANSWER_SECONDS / 2 + 1)
    asking = asyncio.create_task(live.post("/chat", json=body(), headers=auth_headers()))
    await patiently(stand_in.silent.wait())
    for _ in range(2):
        await pass_time(ANSWER_SECONDS / 2 + 1)
    name, problem = parse((await patiently(asking)).text)[-1]
    assert (name, problem["status"]) == ("error", 504)


@pytest.mark.parametrize(
    "fault",
    [RuntimeError("secret inside"), ProgrammingError("SELECT secret", {}, ValueError("secret"))],
    ids=["any", "database"],
)
async def test_a_fault_of_ours_within_a_stream_tells_nothing(
    live: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    async def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("ai_assistant.conversations.Conversations.start", fail)
    answer = await live.post("/chat", json=body(), headers=auth_headers())
    name, problem = parse(answer.text)[-1]
    assert (name, problem["status"]) == ("error", 500)
    assert "secret" not in answer.text
