"""With a missing, forged, rolled back or frozen anchor, the log does not count as valid."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.commands.core import AsyncScript
from sqlalchemy import text

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.redis import RedisServer
from security.app import build_chain
from security.audit_log import anchor
from security.audit_log.anchor import KEY, AnchorState
from security.audit_log.chain import Draft
from security.audit_log.verification import ANCHOR_AWAY, ANCHOR_LOST, ANCHOR_STUCK, CUT_OFF, UNSIGNED
from security.models import Outcome
from security.settings import Settings

from .conftest import Unprotected

ENTRIES = 6
Add = Callable[[], Awaitable[int]]
Verify = Callable[[], Awaitable[dict[str, Any]]]
Cut = Callable[[int], Awaitable[None]]


@pytest.fixture
def add(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> Add:
    async def one() -> int:
        record = {"action": "test", "resource": "item", "outcome": "success"}
        answer = await client.post("/audit/log", json=record, headers=auth_headers())
        assert answer.status_code == 201
        sequence: int = answer.json()["sequence"]
        return sequence

    return one


@pytest.fixture(autouse=True)
async def _log(clean_tables: None, add: Add) -> None:
    for _ in range(ENTRIES):
        await add()


@pytest.fixture
def verified(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> Verify:
    async def ask() -> dict[str, Any]:
        answer = await client.get("/audit/verify", headers=auth_headers(role=Role.ADMIN))
        body: dict[str, Any] = answer.json()
        return body

    return ask


@pytest.fixture
def restarted(app: FastAPI) -> Callable[[], None]:
    """Restart all processes of the service, which lose their memory."""

    def forget() -> None:
        app.state.chain.anchor.known = None

    return forget


@pytest.fixture
def cut(unprotected: Unprotected) -> Cut:
    """Remove every trace of the newest entries, like an attacker with the database."""

    async def execute(above: int) -> None:
        async with unprotected() as session:
            for table in ("audit_log", "audit_checkpoints"):
                await session.execute(text(f"DELETE FROM {table} WHERE sequence > {above}"))  # noqa: S608

    return execute


async def held(resources: Resources) -> dict[str, Any]:
    document = await resources.redis.hget(KEY, "checkpoint")
    assert isinstance(document, str)
    found: dict[str, Any] = json.loads(document)
    return found


async def anchor_in(resources: Resources) -> Any:  # noqa: ANN401 - the client's types do not fit each other
    """All that Redis has of it."""
    return await resources.redis.hgetall(KEY)


async def set_anchor(resources: Resources, what: str) -> None:
    """An attacker with Redis; he can write down what was there before."""
    document = await held(resources)
    match what:
        case "missing":
            await resources.redis.delete(KEY)
        case "empty":
            await resources.redis.hset(KEY, "checkpoint", "")
        case "no JSON":
            await resources.redis.hset(KEY, "checkpoint", "{")
        case "forged":
            await resources.redis.hset(KEY, "checkpoint", json.dumps({**document, "sequence": 2}))
        case "higher":
            await resources.redis.hset(KEY, "checkpoint", json.dumps({**document, "sequence": 10**9}))
        case "higher number":
            await resources.redis.hset(KEY, "sequence", str(10**9))


LOST = ("missing", "empty", "no JSON", "forged", "higher")


@pytest.mark.parametrize("what", [*LOST, "higher number"])
async def test_a_cut_is_found_by_what_the_process_knows(
    resources: Resources, cut: Cut, verified: Verify, what: str
) -> None:
    await set_anchor(resources, what)
    await cut(ENTRIES - 2)
    answer = await verified()
    assert (answer["valid"], answer["first_bad_sequence"], answer["reason"]) == (
        False,
        ENTRIES - 1,
        CUT_OFF,
    )


@pytest.mark.parametrize("what", LOST)
@pytest.mark.parametrize("above", [ENTRIES, ENTRIES - 2])
async def test_without_an_anchor_no_log_is_valid(
    resources: Resources,
    cut: Cut,
    restarted: Callable[[], None],
    add: Add,
    verified: Verify,
    what: str,
    above: int,
) -> None:
    await set_anchor(resources, what)
    await cut(above)
    restarted()
    answer = await verified()
    assert (answer["valid"], answer["reason"], answer["anchor"]) == (False, ANCHOR_LOST, None)
    # A further entry, which is unsigned, must not make the log valid.
    await add()
    later = await verified()
    assert (later["valid"], later["reason"]) == (False, UNSIGNED)


@pytest.mark.parametrize("what", [*LOST, "higher number"])
async def test_a_process_that_knows_better_puts_the_anchor_right(
    resources: Resources, add: Add, verified: Verify, what: str
) -> None:
    await set_anchor(resources, what)
    last = await add()
    assert (await held(resources))["sequence"] == last
    assert (await verified())["valid"]


async def test_a_process_gives_the_anchor_back_to_redis_without_being_asked(
    app: FastAPI, resources: Resources
) -> None:
    before = await held(resources)
    await resources.redis.delete(KEY)
    keeping = asyncio.create_task(app.state.chain.anchor.keep())
    try:
        async with asyncio.timeout(30):
            while not await resources.redis.exists(KEY):
                await asyncio.sleep(0.02)
    finally:
        keeping.cancel()
    assert await held(resources) == before


async def test_an_anchor_rolled_back_is_found_and_put_right(
    resources: Resources, add: Add, cut: Cut, verified: Verify
) -> None:
    old = await anchor_in(resources)
    last = await add()
    await resources.redis.hset(KEY, mapping=old)
    await cut(ENTRIES)
    answer = await verified()
    assert (answer["valid"], answer["reason"], answer["anchor"]["sequence"]) == (False, CUT_OFF, last)
    assert (await held(resources))["sequence"] == last


async def test_an_anchor_that_is_behind_is_moved_before_it_vouches(
    resources: Resources, restarted: Callable[[], None], add: Add, cut: Cut, verified: Verify
) -> None:
    """A process died between the commit and the anchor, or Redis came back older."""
    old = await anchor_in(resources)
    last = await add()
    await resources.redis.hset(KEY, mapping=old)
    restarted()
    answer = await verified()
    assert (answer["valid"], answer["anchor"]["sequence"]) == (True, last)
    assert (await held(resources))["sequence"] == last
    restarted()
    await cut(ENTRIES)
    assert (await verified())["reason"] == CUT_OFF


async def test_a_frozen_anchor_vouches_for_nothing(
    resources: Resources, restarted: Callable[[], None], add: Add, verified: Verify
) -> None:
    """Redis answers, and takes no writes."""
    old = await anchor_in(resources)
    await add()
    await resources.redis.hset(KEY, mapping=old)
    restarted()
    await resources.redis.config_set("min-replicas-to-write", "1")
    try:
        answer = await verified()
    finally:
        await resources.redis.config_set("min-replicas-to-write", "0")
    assert (answer["valid"], answer["reason"]) == (False, ANCHOR_STUCK)
    assert (await verified())["valid"]


async def test_while_redis_is_away_a_new_process_cannot_say_that_the_log_is_whole(
    resources: Resources,
    settings: Settings,
    redis_server: RedisServer,
    restarted: Callable[[], None],
    add: Add,
    verified: Verify,
) -> None:
    redis_server.save()
    redis_server.stop()
    assert (await verified())["valid"]
    restarted()
    answer = await verified()
    assert (answer["valid"], answer["reason"]) == (False, ANCHOR_AWAY)
    await add()  # is signed all the same: the log must not need Redis
    redis_server.start()
    assert (await verified())["valid"]


async def test_a_seal_makes_the_log_good_again_for_every_process(
    resources: Resources, settings: Settings, cut: Cut, add: Add, verified: Verify
) -> None:
    """Sealed by a command, while the service goes on and remembers what was cut off."""
    await cut(ENTRIES - 2)
    assert not (await verified())["valid"]
    command = build_chain(resources, settings)
    async with resources.require_database().session() as session:
        appended = await command.seal(session, "for the test")
        await session.commit()
    await command.sealed(appended)
    assert appended.entry.sequence == ENTRIES + 1
    assert await add() == ENTRIES + 2
    assert (await verified())["valid"]


async def test_the_first_entries_of_a_new_log_may_be_written_at_once(
    app: FastAPI, unprotected: Unprotected, resources: Resources, add: Add, verified: Verify
) -> None:
    """All look before the first is written, and find no anchor."""
    async with unprotected() as session:
        await session.execute(text("TRUNCATE audit_log, audit_checkpoints"))
    await resources.redis.delete(KEY)
    app.state.chain.anchor.known = None
    await asyncio.gather(*(add() for _ in range(6)))
    assert (await verified())["valid"]


async def test_a_process_that_died_over_the_first_entry_leaves_a_good_log(
    app: FastAPI,
    unprotected: Unprotected,
    resources: Resources,
    settings: Settings,
    add: Add,
    verified: Verify,
) -> None:
    """It had committed, and moved no anchor to it."""
    async with unprotected() as session:
        await session.execute(text("TRUNCATE audit_log, audit_checkpoints"))
    await resources.redis.delete(KEY)
    app.state.chain.anchor.known = None
    draft = Draft(None, "test", "item", Outcome.SUCCESS, None, "api")
    async with resources.require_database().session() as session:
        await build_chain(resources, settings).append(session, draft)
        await session.commit()
    assert await add() == 2
    assert (await verified())["valid"]


@pytest.mark.parametrize("newest_first", [True, False])
async def test_replicas_that_come_in_another_order_do_not_move_it_back(
    resources: Resources, settings: Settings, monkeypatch: pytest.MonkeyPatch, newest_first: bool
) -> None:
    """Redis answers the newest entry last, so that each older one has its turn before it."""
    monkeypatch.setattr(anchor, "_SECONDS", 30)
    replicas = [build_chain(resources, settings) for _ in range(4)]
    for replica in replicas:
        monkeypatch.setattr(replica.anchor, "_replace", later_for_newer(replica.anchor._replace))
    checkpoints = [replicas[0].keys.sign(number, f"{number:064}") for number in range(10, 50)]
    ordered = reversed(checkpoints) if newest_first else checkpoints
    await asyncio.gather(*(replicas[index % 4].anchor.advance(one) for index, one in enumerate(ordered)))
    assert (await held(resources))["sequence"] == 49
    assert (await build_chain(resources, settings).anchor.look()).state is AnchorState.HELD


def later_for_newer(replace: AsyncScript) -> Callable[..., Awaitable[str]]:
    async def wait(keys: list[str], args: list[Any]) -> str:
        await asyncio.sleep(args[1] / 1000)
        answer: str = await replace(keys=keys, args=args)
        return answer

    return wait
