import asyncio
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from assistants_common.database import Database, build_engine
from assistants_common.migrations import migrate
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.postgres import PostgresServer
from security import migrations
from security.app import build_chain
from security.audit_log.canonical import canonical_json
from security.audit_log.verification import verify
from security.settings import Settings

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
    forged = {"actor": str(uuid4()), "sequence": 9, "source": "user-management", "event_id": str(uuid4())}
    entry = await add(client, auth_headers(user), **forged)
    assert (entry["actor"], entry["sequence"]) == (str(user), 1)
    assert (entry["source"], entry["event_id"]) == ("api", None)


async def test_the_canonical_form_is_fixed() -> None:
    assert canonical_json({"b": [1, 2.0, None], "a": "ы"}) == '{"a":"ы","b":[1,2.0,null]}'.encode()


async def test_writers_at_once_make_one_chain(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, settings: Settings
) -> None:
    entries = await asyncio.gather(*(add(client, auth_headers()) for _ in range(8)))
    assert sorted(entry["sequence"] for entry in entries) == list(range(1, 9))
    chain = build_chain(resources, settings)
    async with resources.require_database().session() as session:
        found = await verify(session, chain.keys, chain.anchor)
    assert (found.fault, found.entries) == (None, 8)
    assert found.checkpoint is not None
    assert found.checkpoint.sequence == 8


async def test_the_list_is_paged_newest_first(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for number in range(3):
        await add(client, auth_headers(), resource=f"reports/{number}")
    query = {"limit": 2, "offset": 1}
    answer = await client.get("/audit", params=query, headers=auth_headers(role=Role.ADMIN))
    assert answer.status_code == 200
    page = answer.json()
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert [item["resource"] for item in page["items"]] == ["reports/1", "reports/0"]


async def test_the_list_is_filtered(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    user = uuid4()
    for number, outcome in ((1, "success"), (2, "failure"), (3, "success")):
        await add(client, auth_headers(user), resource=f"reports/{number}", outcome=outcome)
    other = await add(client, auth_headers(), action="report.deleted")

    async def found(**query: str) -> list[int]:
        answer = await client.get("/audit", params=query, headers=auth_headers(role=Role.ANALYST))
        assert answer.status_code == 200, answer.text
        return [item["sequence"] for item in answer.json()["items"]]

    assert await found() == [4, 3, 2, 1]
    assert await found(actor=str(user)) == [3, 2, 1]
    assert await found(actor=str(user), outcome="failure") == [2]
    assert await found(action="report.deleted") == [4]
    assert await found(resource="reports/3") == [3]
    assert await found(source="api") == [4, 3, 2, 1]
    assert await found(source="user-management") == []
    assert await found(since=other["time"]) == [4]
    assert await found(until=other["time"]) == [3, 2, 1]


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "me"},
        {"action": "a b"},
        {"resource": "a\x00b"},
        {"outcome": "maybe"},
        {"source": "\x00"},
        {"since": "2026-01-01T00:00:00"},
        {"until": "yesterday"},
        {"until": "0.5"},
        {"until": "1767225600"},
        {"since": "2026-01-01"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"since": "9999-12-31T23:59:59-01:00"},
    ],
)
async def test_a_filter_that_cannot_match_is_refused(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, query: dict[str, str]
) -> None:
    answer = await client.get("/audit", params=query, headers=auth_headers(role=Role.ADMIN))
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "action", ["user.login", "gateway.enumeration", "audit.sealed", "alert.state_changed", "security.x"]
)
async def test_what_the_platform_reports_cannot_be_reported_by_a_caller(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, action: str
) -> None:
    for role in Role:
        answer = await client.post(
            "/audit/log", json=RECORD | {"action": action}, headers=auth_headers(role=role)
        )
        assert answer.status_code == 403


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
    "statement",
    [
        "UPDATE audit_log SET action = 'x'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "UPDATE audit_checkpoints SET signature = 'x'",
        "DELETE FROM audit_checkpoints",
        "TRUNCATE audit_checkpoints",
    ],
)
async def test_the_database_refuses_changes(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, statement: str
) -> None:
    await add(client, auth_headers())
    async with resources.require_database().session() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(ProgrammingError, match="append-only"):
            await session.execute(text(statement))


@pytest.mark.parametrize("table", ["audit_log", "audit_checkpoints"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_service_itself_cannot_change_what_it_wrote(
    postgres: PostgresServer, platform_settings: dict[str, Any], table: str, statement: str
) -> None:
    """As the user of the service, who owns the tables and is no superuser."""
    name, password = f"owner_{token_hex(4)}", token_hex(16)
    address = postgres.create_database("owned")
    postgres.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    postgres.execute(f'ALTER DATABASE "{address.postgres_db}" OWNER TO {name}')
    own = {"postgres_user": name, "postgres_password": password}
    settings = Settings.model_validate({**platform_settings, **address.as_settings(), **own})
    await migrate(settings, migrations.__name__)
    database = Database(build_engine(settings, "test"))
    try:
        async with database.session() as session:
            with pytest.raises(ProgrammingError, match=f"{table} is append-only"):
                await session.execute(text(statement.format(table)))
    finally:
        await database.dispose()
