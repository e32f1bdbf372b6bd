import asyncio
from collections.abc import Awaitable
from typing import cast
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError

from ai_assistant.app import build_app
from ai_assistant.budget import Reservation, TokenBudget
from ai_assistant.settings import Settings
from ai_assistant.usage import Usage, UsageLedger, UsageRecord
from ai_assistant_testing.serving import serving
from ai_assistant_testing.stand_in import Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.cache import build_redis
from assistants_common.problems import ProblemError
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, PublishedEvents, running
from assistants_testing.processes import free_port
from assistants_testing.waiting import pass_time, until


@pytest.fixture
def ledger(resources: Resources) -> UsageLedger:
    return UsageLedger(resources.require_database())


@pytest.fixture
def budget(resources: Resources, ledger: UsageLedger) -> TokenBudget:
    return TokenBudget(resources.redis, 100, ledger.spent_since)


async def record(ledger: UsageLedger, user_id: UUID, tokens: int) -> None:
    usage = Usage(tokens, 0, estimated=False)
    await ledger.record([UsageRecord(user_id, "chat", "openai", "gpt-5.5", usage)], user_id, "chat")


async def count(resources: Resources, user_id: UUID) -> int:
    (key,) = await resources.redis.keys(f"ai-assistant:budget:{user_id}:*")
    assert 0 < await resources.redis.ttl(key) <= 2 * 24 * 3600
    spent = await cast(Awaitable[str], resources.redis.hget(key, "spent"))
    return int(spent)


def refused_so_far(reason: str) -> float:
    value = REGISTRY.get_sample_value("ai_budget_refusals_total", {"reason": reason})
    assert value is not None
    return value


@pytest.mark.parametrize("stream", [False, True])
async def test_a_used_up_budget_refuses(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    stream: bool,
) -> None:
    user_id = uuid4()
    refusals = refused_so_far("used_up")
    stand_in.reply = Reply(input_tokens=9_000, output_tokens=1_000)
    headers, body = auth_headers(user_id), {"message": "Hi", "stream": stream}
    assert (await client.post("/chat", json=body, headers=headers)).status_code == 200
    assert await count(resources, user_id) == 10_000
    refused = await client.post("/chat", json=body, headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 24 * 3600
    generated = await client.post("/generate", json={"kind": "query", "description": "All"}, headers=headers)
    assert generated.status_code == 429
    assert refused_so_far("used_up") == refusals + 2
    assert (await client.post("/chat", json=body, headers=auth_headers())).status_code == 200
    assert len(stand_in.requests) == 2


async def test_a_refused_call_costs_nothing(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources
) -> None:
    user_id = uuid4()
    stand_in.reply = Failure(400)
    await client.post("/chat", json={"message": "Hi"}, headers=auth_headers(user_id))
    assert await count(resources, user_id) == 0


async def test_requests_at_once_do_not_all_take_the_same_rest(budget: TokenBudget) -> None:
    user_id = uuid4()
    results = await asyncio.gather(*(budget.reserve(user_id, 60) for _ in range(5)), return_exceptions=True)
    assert sorted(type(result) is Reservation for result in results) == [False, False, False, True, True]


async def test_an_evicted_count_is_made_again_from_the_record(
    budget: TokenBudget, ledger: UsageLedger, resources: Resources
) -> None:
    user_id = uuid4()
    for _ in range(2):
        await record(ledger, user_id, 40)
    reservation = await budget.reserve(user_id, 30)
    assert await count(resources, user_id) == 110
    await budget.settle(reservation, 5)
    assert await count(resources, user_id) == 85
    await resources.redis.delete(reservation.key)
    await budget.settle(reservation, 5)
    assert not await resources.redis.exists(reservation.key)
    await record(ledger, user_id, 20)
    with pytest.raises(ProblemError):
        await budget.reserve(user_id, 1)


async def test_without_redis_nothing_is_let_through_but_what_was_begun_is_ended(
    resources: Resources, ledger: UsageLedger
) -> None:
    settings = resources.settings.model_copy(update={"redis_port": free_port()})
    refusals = refused_so_far("uncounted")
    async with build_redis(settings) as redis:
        budget = TokenBudget(redis, 100, ledger.spent_since)
        with pytest.raises(ProblemError) as refused:
            await budget.reserve(uuid4(), 1)
        assert refused.value.status_code == 503
        assert refused_so_far("uncounted") == refusals + 1
        await budget.settle(Reservation("key", 1, "count"), 1)


async def test_what_was_set_aside_is_not_taken_from_a_count_made_anew(
    budget: TokenBudget, resources: Resources
) -> None:
    """Otherwise a call that ends after the eviction of its count would free tokens that it never reserved."""
    user_id = uuid4()
    first = await budget.reserve(user_id, 60)
    await resources.redis.delete(first.key)
    await budget.reserve(user_id, 50)
    await budget.settle(first, 20)
    assert await count(resources, user_id) == 70


async def test_parallel_calls_cannot_dodge_the_budget(
    settings: Settings,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
) -> None:
    """Each call may spend the whole of a small budget, so of many at once a single one is let through."""
    user_id = uuid4()
    stand_in.reply = Reply(pieces=("late",), pause=50)
    small = settings.model_copy(update={"daily_token_budget": 1000})
    async with (
        running(build_app(small)) as one,
        running(build_app(small)) as another,
        serving(one) as url,
        serving(another) as other_url,
        httpx.AsyncClient(timeout=3600) as client,
    ):
        calls = [
            asyncio.create_task(
                client.post(f"{address}/chat", json={"message": "Hi"}, headers=auth_headers(user_id))
            )
            for address in (url, other_url) * 8
        ]
        await until(lambda: sum(call.done() for call in calls) == 15)
        await pass_time(50)
        statuses = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert sorted(statuses) == [200] + [429] * 15
    assert len(stand_in.requests) == 1
    assert await count(resources, user_id) == 29


async def test_usage_that_cannot_be_stored_is_logged(
    ledger: UsageLedger,
    published_events: PublishedEvents,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("gone"))

    monkeypatch.setattr("sqlalchemy.ext.asyncio.AsyncSession.commit", fail)
    user_id = uuid4()
    await record(ledger, user_id, 7)
    assert "usage not recorded" in caplog.text
    (logged,) = [entry for entry in caplog.records if entry.message == "usage not recorded"]
    assert vars(logged)["user_id"] == user_id
    assert vars(logged)["usage"][0]["input_tokens"] == 7
    assert str(user_id) not in str(await published_events())
