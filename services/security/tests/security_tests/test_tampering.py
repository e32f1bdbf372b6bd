import httpx
import pytest
from sqlalchemy import text

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from security.audit_chain import Verification, verify

from .conftest import Unprotected

ENTRIES = 7
Answer = dict[str, bool | int | None]


@pytest.fixture(autouse=True)
async def _log(clean_tables: None, client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    headers = auth_headers()
    for number in range(ENTRIES):
        details = {"number": number, "cost": 0.1}
        record = {"action": "test", "resource": f"item/{number}", "outcome": "success", "details": details}
        assert (await client.post("/audit/log", json=record, headers=headers)).status_code == 201


async def verdict(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> Answer:
    answer = await client.get("/audit/verify", headers=auth_headers(role=Role.ADMIN))
    assert answer.status_code == 200
    body: Answer = answer.json()
    return body


async def test_an_untouched_log_is_valid(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    expected = {"valid": True, "entries": ENTRIES, "first_bad_sequence": None}
    assert await verdict(client, auth_headers) == expected


@pytest.mark.parametrize("batch_size", [1, 3, ENTRIES, ENTRIES + 1])
async def test_batches_of_any_size_join(resources: Resources, batch_size: int) -> None:
    async with resources.require_database().session() as session:
        assert await verify(session, batch_size) == Verification(True, ENTRIES, None)


@pytest.mark.parametrize(
    "change",
    [
        "resource = overlay(resource placing 'I' from 1 for 1)",
        "action = 'tesT'",
        "outcome = 'failure'",
        "time = time + interval '1 microsecond'",
        "actor = gen_random_uuid()",
        "details = replace(details::text, '0.1', '0.2')::json",
        "details = replace(details::text, '0.1', '1e999')::json",
        "details = NULL",
        "previous_hash = overlay(previous_hash placing 'x' from 9 for 1)",
        "hash = overlay(hash placing 'x' from 64 for 1)",
    ],
)
async def test_a_changed_entry_is_named(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, unprotected: Unprotected, change: str
) -> None:
    async with unprotected() as session:
        await session.execute(text(f"UPDATE audit_log SET {change} WHERE sequence = 4"))  # noqa: S608 - our own list
    expected = {"valid": False, "entries": 4, "first_bad_sequence": 4}
    assert await verdict(client, auth_headers) == expected


@pytest.mark.parametrize("missing", [1, 4])
async def test_a_missing_entry_is_named(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, unprotected: Unprotected, missing: int
) -> None:
    async with unprotected() as session:
        await session.execute(text(f"DELETE FROM audit_log WHERE sequence = {missing}"))  # noqa: S608 - a number
    assert (await verdict(client, auth_headers))["first_bad_sequence"] == missing


async def test_an_entry_slipped_in_before_the_first_is_named(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, unprotected: Unprotected
) -> None:
    columns = "time, actor, action, resource, outcome, details, previous_hash, hash"
    copy = f"INSERT INTO audit_log SELECT 0, {columns} FROM audit_log WHERE sequence = 1"  # noqa: S608 - constants
    async with unprotected() as session:
        await session.execute(text(copy))
    assert (await verdict(client, auth_headers))["first_bad_sequence"] == 0
