"""An attacker who can write to the database, but has no key."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from secrets import token_hex
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert, select, text

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from security.app import build_chain
from security.audit_log.anchor import KEY, Anchor
from security.audit_log.canonical import Entry, sealed
from security.audit_log.chain import AuditChain
from security.audit_log.keys import AuditKeys
from security.audit_log.links import link_of, select_links
from security.audit_log.verification import CHANGED, CUT_OFF, MISSING, RESIGNED, UNKNOWN_KEY, UNSIGNED, verify
from security.models import AuditRow, CheckpointRow
from security.settings import Settings

from .conftest import Unprotected

ENTRIES = 7
Verdict = Callable[..., Awaitable[dict[str, Any]]]
Tamper = Callable[..., Awaitable[None]]


@pytest.fixture(autouse=True)
async def _log(clean_tables: None, client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for number in range(ENTRIES):
        await add(client, auth_headers, number)


async def add(client: httpx.AsyncClient, auth_headers: AuthHeaders, number: int) -> None:
    details = {"number": number, "cost": 0.1}
    record = {"action": "test", "resource": f"item/{number}", "outcome": "success", "details": details}
    assert (await client.post("/audit/log", json=record, headers=auth_headers())).status_code == 201


@pytest.fixture
def verdict(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> Verdict:
    async def ask(**query: int) -> dict[str, Any]:
        headers = auth_headers(role=Role.ADMIN)
        answer = await client.get("/audit/verify", params=query, headers=headers)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    return ask


@pytest.fixture
def tampered(unprotected: Unprotected) -> Tamper:
    async def execute(*statements: str) -> None:
        async with unprotected() as session:
            for statement in statements:
                await session.execute(text(statement))

    return execute


def bad(answer: dict[str, Any]) -> tuple[int | None, str | None]:
    assert answer["valid"] is (answer["first_bad_sequence"] is None)
    return answer["first_bad_sequence"], answer["reason"]


async def test_an_untouched_log_is_valid(verdict: Verdict, resources: Resources) -> None:
    answer = await verdict()
    checkpoint = answer.pop("checkpoint")
    assert answer == {
        "valid": True,
        "complete": True,
        "entries": ENTRIES,
        "first_bad_sequence": None,
        "reason": None,
        "started_after": None,
        "anchor": checkpoint,
        "next_sequence": None,
    }
    async with resources.require_database().session() as session:
        last = await session.scalar(select(AuditRow.hash).where(AuditRow.sequence == ENTRIES))
    assert (checkpoint["sequence"], checkpoint["hash"]) == (ENTRIES, last)


async def test_only_a_new_log_may_be_empty(
    app: FastAPI, verdict: Verdict, tampered: Tamper, resources: Resources
) -> None:
    await tampered("DELETE FROM audit_log", "DELETE FROM audit_checkpoints")
    assert bad(await verdict()) == (1, CUT_OFF)
    await resources.redis.delete(KEY)
    assert bad(await verdict()) == (1, CUT_OFF)
    await resources.redis.delete(KEY)
    app.state.chain.anchor.known = None
    answer = await verdict()
    assert (answer["valid"], answer["entries"], answer["checkpoint"]) == (True, 0, None)


@pytest.mark.parametrize("batch_size", [1, 3, ENTRIES, ENTRIES + 1])
async def test_batches_of_any_size_join(resources: Resources, settings: Settings, batch_size: int) -> None:
    chain = build_chain(resources, settings)
    async with resources.require_database().session() as session:
        found = await verify(session, chain.keys, chain.anchor, batch_size=batch_size)
    assert (found.entries, found.fault) == (ENTRIES, None)


async def test_a_part_is_verified_from_the_checkpoint_before_it(verdict: Verdict) -> None:
    answer = await verdict(**{"from": 5})
    assert answer["entries"] == 3
    assert answer["started_after"]["sequence"] == 4
    assert answer["checkpoint"]["sequence"] == ENTRIES
    beyond = await verdict(**{"from": 100})
    assert (beyond["entries"], beyond["valid"], beyond["complete"]) == (0, True, True)


async def test_a_long_log_is_verified_in_parts(verdict: Verdict) -> None:
    looked_at: list[int] = []
    following: int | None = 1
    while following is not None:
        answer = await verdict(**{"from": following, "limit": 3})
        assert answer["valid"]
        looked_at.append(answer["entries"])
        following = answer["next_sequence"]
        assert answer["complete"] is (following is None)
    assert looked_at == [3, 3, 1]


async def test_what_is_before_the_part_is_not_looked_at(verdict: Verdict, tampered: Tamper) -> None:
    await tampered("UPDATE audit_log SET action = 'x' WHERE sequence = 2")
    assert bad(await verdict()) == (2, CHANGED)
    assert bad(await verdict(**{"from": 4})) == (None, None)


COLUMNS = {
    "sequence": "sequence = 99",
    "resource": "resource = overlay(resource placing 'I' from 1 for 1)",
    "action": "action = 'tesT'",
    "outcome": "outcome = 'failure'",
    "time": "time = time + interval '1 microsecond'",
    "time without end": "time = 'infinity'",
    "actor": "actor = gen_random_uuid()",
    "no actor": "actor = NULL",
    "number": "details = replace(details::text, '0.1', '0.2')::json",
    "infinite number": "details = replace(details::text, '0.1', '1e999')::json",
    "no details": "details = NULL",
    "previous_hash": "previous_hash = overlay(previous_hash placing 'x' from 9 for 1)",
    "hash": "hash = overlay(hash placing 'x' from 64 for 1)",
    "source": "source = 'user-management'",
    "no source": "source = NULL",
    "event_id": "event_id = gen_random_uuid()",
}


@pytest.mark.parametrize("row", [1, 4, ENTRIES])
@pytest.mark.parametrize("change", COLUMNS.values(), ids=COLUMNS.keys())
async def test_a_change_of_any_column_of_any_entry_is_found(
    verdict: Verdict, tampered: Tamper, change: str, row: int
) -> None:
    await tampered(f"UPDATE audit_log SET {change} WHERE sequence = {row}")  # noqa: S608 - our own list
    answer = await verdict()
    assert (answer["valid"], answer["first_bad_sequence"]) == (False, row)


def test_every_column_is_among_the_changes() -> None:
    columns = {column.name for column in AuditRow.__table__.columns}
    assert columns <= {change.split(" = ")[0] for change in COLUMNS.values()}


@pytest.mark.parametrize("row", [1, 4, ENTRIES])
@pytest.mark.parametrize(
    "change",
    [
        "sequence = sequence + 100",
        "hash = overlay(hash placing 'x' from 64 for 1)",
        "key_id = 'other'",
        "signature = overlay(signature placing 'x' from 64 for 1)",
    ],
)
async def test_a_change_of_any_column_of_any_checkpoint_is_found(
    verdict: Verdict, tampered: Tamper, change: str, row: int
) -> None:
    await tampered(f"UPDATE audit_checkpoints SET {change} WHERE sequence = {row}")  # noqa: S608 - our own list
    answer = await verdict()
    expected = {row, ENTRIES + 1} if change.startswith("sequence") else {row}
    assert answer["valid"] is False
    assert answer["first_bad_sequence"] in expected


@pytest.mark.parametrize("missing", [1, 4])
async def test_a_missing_entry_is_found(verdict: Verdict, tampered: Tamper, missing: int) -> None:
    await tampered(f"DELETE FROM audit_log WHERE sequence = {missing}")  # noqa: S608 - a number
    assert bad(await verdict()) == (missing, MISSING)


@pytest.mark.parametrize("missing", [1, 4, ENTRIES])
async def test_a_missing_checkpoint_is_found(verdict: Verdict, tampered: Tamper, missing: int) -> None:
    await tampered(f"DELETE FROM audit_checkpoints WHERE sequence = {missing}")  # noqa: S608 - a number
    assert bad(await verdict()) == (missing, UNSIGNED)


@pytest.mark.parametrize("first", [1, 5, ENTRIES])
async def test_missing_newest_entries_are_found(verdict: Verdict, tampered: Tamper, first: int) -> None:
    await tampered(f"DELETE FROM audit_log WHERE sequence >= {first}")  # noqa: S608 - a number
    assert bad(await verdict()) == (first, CUT_OFF)


@pytest.mark.parametrize("first", [1, 5, ENTRIES])
async def test_newest_entries_missing_with_their_checkpoints_are_found_by_the_anchor(
    verdict: Verdict, tampered: Tamper, client: httpx.AsyncClient, auth_headers: AuthHeaders, first: int
) -> None:
    await tampered(
        f"DELETE FROM audit_log WHERE sequence >= {first}",  # noqa: S608 - a number
        f"DELETE FROM audit_checkpoints WHERE sequence >= {first}",  # noqa: S608 - a number
    )
    assert bad(await verdict()) == (first, CUT_OFF)
    # Entries that come later do not cover it up: they are not signed, and the anchor stays where it is.
    for number in range(ENTRIES):
        await add(client, auth_headers, number)
    assert bad(await verdict()) == (first, UNSIGNED)


async def read_entries(resources: Resources) -> list[Entry]:
    async with resources.require_database().session() as session:
        rows = await session.execute(select_links().order_by(AuditRow.sequence))
        return [link_of(row).entry for row in rows]


def forged(entries: list[Entry], previous_hash: str) -> list[Entry]:
    """Other entries in their place, with hashes that fit."""
    made = []
    for entry in entries:
        made.append(sealed(replace(entry, action="nothing", previous_hash=previous_hash)))
        previous_hash = made[-1].hash
    return made


@pytest.mark.parametrize("first", [1, 5, ENTRIES])
@pytest.mark.parametrize("checkpoints", ["kept", "removed", "forged"])
async def test_a_rewritten_tail_is_found(
    verdict: Verdict, unprotected: Unprotected, resources: Resources, first: int, checkpoints: str
) -> None:
    entries = await read_entries(resources)
    made = forged(entries[first - 1 :], entries[first - 1].previous_hash)
    keys = AuditKeys([token_hex(32)])
    async with unprotected() as session:
        await session.execute(text(f"DELETE FROM audit_log WHERE sequence >= {first}"))  # noqa: S608 - a number
        if checkpoints != "kept":
            await session.execute(text(f"DELETE FROM audit_checkpoints WHERE sequence >= {first}"))  # noqa: S608
        for entry in made:
            await session.execute(insert(AuditRow).values(**asdict(entry)))
            if checkpoints == "forged":
                checkpoint = keys.sign(entry.sequence, entry.hash)
                await session.execute(insert(CheckpointRow).values(**asdict(checkpoint)))
    expected = {"kept": RESIGNED, "removed": UNSIGNED, "forged": UNKNOWN_KEY}
    assert bad(await verdict()) == (first, expected[checkpoints])


async def test_the_service_does_not_sign_over_a_rewritten_tail(
    verdict: Verdict,
    unprotected: Unprotected,
    resources: Resources,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
) -> None:
    """Also when the attacker has removed every trace of the keys, and Redis has lost the anchor."""
    made = forged(await read_entries(resources), "0" * 64)
    async with unprotected() as session:
        await session.execute(text("TRUNCATE audit_log, audit_checkpoints"))
        for entry in made:
            await session.execute(insert(AuditRow).values(**asdict(entry)))
    await resources.redis.delete(KEY)
    await add(client, auth_headers, 8)
    assert bad(await verdict()) == (1, UNSIGNED)
    metrics = (await client.get("/metrics")).text
    assert "audit_log_unsealed 1.0" in metrics


async def test_an_entry_slipped_in_before_the_first_is_found(verdict: Verdict, tampered: Tamper) -> None:
    columns = "time, actor, action, resource, outcome, details, previous_hash, hash"
    await tampered(
        f"INSERT INTO audit_log (sequence, {columns}) SELECT 0, {columns} FROM audit_log WHERE sequence = 1"  # noqa: S608
    )
    assert bad(await verdict())[0] == 0


async def test_an_entry_slipped_in_after_the_last_is_found(
    verdict: Verdict, unprotected: Unprotected, resources: Resources
) -> None:
    last = (await read_entries(resources))[-1]
    made = sealed(replace(last, sequence=last.sequence + 1, previous_hash=last.hash))
    async with unprotected() as session:
        await session.execute(insert(AuditRow).values(**asdict(made)))
    assert bad(await verdict()) == (ENTRIES + 1, UNSIGNED)


async def fault(resources: Resources, chain: AuditChain) -> tuple[int, str] | None:
    async with resources.require_database().session() as session:
        found = (await verify(session, chain.keys, chain.anchor)).fault
    return (found.sequence, found.reason) if found else None


async def seal(resources: Resources, chain: AuditChain) -> None:
    async with resources.require_database().session() as session:
        appended = await chain.seal(session, "for the test")
        await session.commit()
    await chain.sealed(appended)


async def test_a_replaced_key_is_accepted_once_the_log_is_sealed(
    resources: Resources, settings: Settings
) -> None:
    secret = token_hex(32)
    keys = AuditKeys([secret])
    chain = AuditChain(keys, Anchor(resources.redis, keys))
    assert await fault(resources, chain) == (1, UNKNOWN_KEY)
    await seal(resources, chain)
    assert await fault(resources, chain) is None
    # With the old key behind the new one, nothing needs to be sealed.
    key = settings.jwt_secret_key
    assert key is not None
    both = AuditKeys.from_secrets(f"{token_hex(32)}\n{secret}\n{key.get_secret_value()}", "")
    assert await fault(resources, AuditChain(both, Anchor(resources.redis, both))) is None


@pytest.mark.parametrize("with_checkpoints", [False, True])
async def test_a_sealed_log_goes_on_after_a_loss(
    resources: Resources,
    settings: Settings,
    tampered: Tamper,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    with_checkpoints: bool,
) -> None:
    await tampered("DELETE FROM audit_log WHERE sequence > 5")
    if with_checkpoints:
        await tampered("DELETE FROM audit_checkpoints WHERE sequence > 5")
    chain = build_chain(resources, settings)
    await seal(resources, chain)
    await add(client, auth_headers, 9)
    assert await fault(resources, chain) is None
    [noted] = [entry.details for entry in await read_entries(resources) if entry.action == "audit.sealed"]
    assert noted == {"reason": "for the test", "last_sequence": 5, "missing": 2}


async def test_sealing_forgives_no_changed_entry(
    resources: Resources, settings: Settings, tampered: Tamper
) -> None:
    await tampered("UPDATE audit_log SET action = 'x' WHERE sequence = 3")
    chain = build_chain(resources, settings)
    await seal(resources, chain)
    assert await fault(resources, chain) == (3, CHANGED)


async def test_an_anchor_that_is_not_ours_is_not_believed(
    verdict: Verdict, resources: Resources, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    for value in ("{", '{"sequence":999,"hash":"x","key_id":"y","signature":"z"}'):
        await resources.redis.hset(KEY, mapping={"sequence": 0, "checkpoint": value})
        assert (await verdict())["valid"]
    await add(client, auth_headers, 8)
    assert (await verdict())["valid"]
