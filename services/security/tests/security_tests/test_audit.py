import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from security.audit_chain import verify
from security.canonical import canonical_json

RECORD = {"action": "report.exported", "resource": "reports/7", "outcome": "success"}


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Sequences are asserted, so every test starts with an empty log."""


async def add(client: httpx.AsyncClient, headers: dict[str, str], **changes: object) -> dict[str, Any]:
    answer = await client.post("/audit/log", json=RECORD | changes, headers=headers)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_entries_form_a_chain(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    user = uuid4()
    first = await add(client, auth_headers(user), details={"rows": 3, "share": 1.50, "имя": "\x00 ☃"})
    second = await add(client, auth_headers(user), outcome="failure")
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["previous_hash"] == "0" * 64
    assert second["previous_hash"] == first["hash"]
    assert UUID(first["actor"]) == user
    assert first["details"] == {"rows": 3, "share": 1.5, "имя": "\x00 ☃"}
    assert second["details"] is None


async def test_the_actor_cannot_be_chosen(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    user = uuid4()
    entry = await add(client, auth_headers(user), actor=str(uuid4()), sequence=9)
    assert (entry["actor"], entry["sequence"]) == (str(user), 1)


async def test_the_canonical_form_is_fixed() -> None:
    assert canonical_json({"b": [1, 2.0, None], "a": "ы"}) == '{"a":"ы","b":[1,2.0,null]}'.encode()


async def test_writers_at_once_make_one_chain(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    entries = await asyncio.gather(*(add(client, auth_headers()) for _ in range(8)))
    assert sorted(entry["sequence"] for entry in entries) == list(range(1, 9))
    async with resources.require_database().session() as session:
        assert (await verify(session)).valid


async def test_the_list_is_paged_newest_first(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for number in range(3):
        await add(client, auth_headers(), resource=f"reports/{number}")
    query = {"limit": 2, "offset": 1}
    answer = await client.get("/audit/log", params=query, headers=auth_headers(role=Role.ADMIN))
    assert answer.status_code == 200
    page = answer.json()
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert [item["resource"] for item in page["items"]] == ["reports/1", "reports/0"]


@pytest.mark.parametrize("path", ["/audit/log", "/audit/verify"])
async def test_reading_is_for_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, path: str
) -> None:
    assert (await client.get(path)).status_code == 401
    for role in (Role.USER, Role.ANALYST):
        assert (await client.get(path, headers=auth_headers(role=role))).status_code == 403


async def test_writing_needs_a_token(client: httpx.AsyncClient) -> None:
    answer = await client.post("/audit/log", json=RECORD)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": [inner]}
    return inner


@pytest.mark.parametrize(
    "body",
    [
        '{"action": "a b", "resource": "r", "outcome": "success"}',
        '{"action": "a", "resource": "a\\u0000b", "outcome": "success"}',
        '{"action": "a", "resource": "\\ud800", "outcome": "success"}',
        '{"action": "a", "resource": "r", "outcome": "maybe"}',
        '{"action": "a", "resource": "r", "outcome": "success", "details": [1]}',
        '{"action": "a", "resource": "r", "outcome": "success", "details": {"x": NaN}}',
        '{"action": "a", "resource": "r", "outcome": "success", "details": {"x": 1e999}}',
        '{"action": "a", "resource": "r", "outcome": "success", "details": {"x": "\\ud800"}}',
        f'{{"action": "a", "resource": "r", "outcome": "success", "details": {{"x": "{"y" * 17_000}"}}}}',
        f'{{"action": "a", "resource": "r", "outcome": "success", "details": {{"x": {"[" * 20}{"]" * 20}}}}}',
    ],
)
async def test_what_cannot_be_kept_as_it_is_is_refused(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, body: str
) -> None:
    headers = auth_headers() | {"Content-Type": "application/json"}
    answer = await client.post("/audit/log", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


async def test_details_may_be_nested_within_bounds(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    entry = await add(client, auth_headers(), details=nested(8))
    assert entry["details"] == nested(8)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_database_refuses_changes(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, statement: str
) -> None:
    await add(client, auth_headers())
    async with resources.require_database().session() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(ProgrammingError, match="append-only"):
            await session.execute(text(statement))
