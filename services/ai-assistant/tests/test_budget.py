import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from ai_assistant.budget import Reservation, TokenBudget
from ai_assistant.usage import Usage, UsageLedger, UsageRecord
from ai_assistant_testing.stand_in import Failure, StandIn
from ai_assistant_testing.wire import Reply
from assistants_common.cache import build_redis
from assistants_common.problems import ProblemError
from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.processes import free_port


@pytest.fixture
def ledger(resources: Resources) -> UsageLedger:
    return UsageLedger(resources.require_database(), resources.events)


@pytest.fixture
def budget(resources: Resources, ledger: UsageLedger) -> TokenBudget:
    return TokenBudget(resources.redis, 100, ledger.spent_since)


def record(user_id: UUID, tokens: int) -> UsageRecord:
    return UsageRecord(user_id, "chat", "openai", "gpt-4", Usage(tokens, 0, estimated=False))


async def count(resources: Resources, user_id: UUID) -> int:
    (key,) = await resources.redis.keys(f"ai-assistant:tokens:{user_id}:*")
    assert 0 < await resources.redis.ttl(key) <= 2 * 24 * 3600
    return int(str(await resources.redis.get(key)))


@pytest.mark.parametrize("stream", [False, True])
async def test_a_used_up_budget_refuses(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    resources: Resources,
    stream: bool,
) -> None:
    user_id = uuid4()
    stand_in.reply = Reply(input_tokens=9_000, output_tokens=1_000)
    headers, body = auth_headers(user_id), {"message": "Hi", "stream": stream}
    assert (await client.post("/chat", json=body, headers=headers)).status_code == 200
    assert await count(resources, user_id) == 10_000
    refused = await client.post("/chat", json=body, headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 24 * 3600
    generated = await client.post("/generate", json={"kind": "query", "description": "All"}, headers=headers)
    assert generated.status_code == 429
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
        await ledger.record(record(user_id, 40))
    reservation = await budget.reserve(user_id, 30)
    assert await count(resources, user_id) == 110
    await budget.settle(reservation, 5)
    assert await count(resources, user_id) == 85
    await resources.redis.delete(reservation.key)
    await budget.settle(reservation, 5)
    assert not await resources.redis.exists(reservation.key)
    await ledger.record(record(user_id, 20))
    with pytest.raises(ProblemError):
        await budget.reserve(user_id, 1)


async def test_without_redis_nothing_is_let_through_but_what_was_begun_is_ended(
    resources: Resources, ledger: UsageLedger
) -> None:
    settings = resources.settings.model_copy(update={"redis_port": free_port()})
    async with build_redis(settings) as redis:
        budget = TokenBudget(redis, 100, ledger.spent_since)
        with pytest.raises(RedisError):
            await budget.reserve(uuid4(), 1)
        await budget.settle(Reservation("key", 1), 1)


async def test_usage_that_cannot_be_stored_is_logged_and_told(
    ledger: UsageLedger,
    published_events: PublishedEvents,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("INSERT", {}, OSError("gone"))

    monkeypatch.setattr("sqlalchemy.ext.asyncio.AsyncSession.commit", fail)
    user_id = uuid4()
    await ledger.record(record(user_id, 7))
    assert "usage not recorded" in caplog.text
    assert (await published_events())[-1]["user_id"] == str(user_id)
