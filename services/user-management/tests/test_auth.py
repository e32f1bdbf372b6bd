import asyncio
import json
from collections.abc import Callable
from threading import Event
from types import SimpleNamespace
from uuid import UUID, uuid4

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import PublishedEvents
from assistants_testing.waiting import PATIENCE_SECONDS, until
from user_management.dependencies import Parts

PASSWORD = "correct horse battery"


def credentials(email: str | None = None, password: str = PASSWORD) -> dict[str, str]:
    return {"email": email or f"{uuid4().hex}@example.com", "password": password}


async def test_registers_and_logs_in(
    client: httpx.AsyncClient, resources: Resources, published_events: PublishedEvents, clean_tables: None
) -> None:
    body = credentials()
    registered = await client.post("/auth/register", json=body)
    assert registered.status_code == 201
    user = registered.json()
    assert user["email"] == body["email"]
    assert user["role"] == "user"
    assert registered.headers["location"] == f"/users/{user['id']}"
    assert "password" not in registered.text

    answer = await client.post("/auth/login", json={**body, "email": body["email"].upper()})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    result = answer.json()
    assert (result["token_type"], result["expires_in"], result["user_id"]) == ("Bearer", 1800, user["id"])
    principal = await resources.tokens.verify(result["access_token"])
    assert (principal.user_id, principal.role) == (UUID(user["id"]), Role.USER)

    published = await published_events()
    assert [event["type"] for event in published] == ["user.registered", "user.login"]
    assert all(event["source"] == "user-management" and event["user_id"] == user["id"] for event in published)


async def test_stores_an_argon2id_hash(client: httpx.AsyncClient, resources: Resources) -> None:
    body = credentials()
    await client.post("/auth/register", json=body)
    async with resources.require_database().session() as session:
        stored = await session.scalar(
            text("SELECT password_hash FROM users WHERE email = :email"), {"email": body["email"]}
        )
    assert str(stored).startswith("$argon2id$")


@pytest.mark.parametrize("change", [str.upper, str.title, str.lower])
async def test_an_address_has_one_account_whatever_its_case(
    client: httpx.AsyncClient, change: Callable[[str], str]
) -> None:
    name = f"user{uuid4().hex}@example.com"
    assert (await client.post("/auth/register", json=credentials(name))).status_code == 201
    again = await client.post("/auth/register", json=credentials(change(name)))
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["title"] == "Conflict"


async def test_registrations_at_once_make_one_account(client: httpx.AsyncClient) -> None:
    body = credentials()
    answers = await asyncio.gather(*(client.post("/auth/register", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


@pytest.mark.parametrize("password", ["eleven char", "x" * 129])
async def test_a_password_out_of_bounds_is_refused_and_not_repeated(
    client: httpx.AsyncClient, password: str
) -> None:
    answer = await client.post("/auth/register", json=credentials(password=password))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == ["body", "password"]
    assert password not in answer.text


@pytest.mark.parametrize("email", ["", "no-address", "a@b", "a" * 250 + "@example.com"])
async def test_an_address_that_is_none_is_refused(client: httpx.AsyncClient, email: str) -> None:
    answer = await client.post("/auth/register", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 422


async def test_wrong_password_and_unknown_address_look_the_same(
    client: httpx.AsyncClient, published_events: PublishedEvents, clean_tables: None
) -> None:
    body = credentials()
    await client.post("/auth/register", json=body)
    wrong = await client.post("/auth/login", json={**body, "password": "not the password"})
    unknown = await client.post("/auth/login", json=credentials())
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.headers["www-authenticate"] == unknown.headers["www-authenticate"] == "Bearer"
    varying = {"request_id"}
    assert {k: v for k, v in wrong.json().items() if k not in varying} == {
        k: v for k, v in unknown.json().items() if k not in varying
    }
    failures = [event for event in await published_events() if event["type"] == "user.login_failed"]
    assert len(failures) == 2
    assert body["email"] not in json.dumps(failures)


async def test_an_unknown_address_costs_a_verification(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002
        calls.append(hash)
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert (await client.post("/auth/login", json=credentials())).status_code == 401
    assert len(calls) == 1


async def test_a_login_renews_an_outdated_hash(client: httpx.AsyncClient, resources: Resources) -> None:
    body = credentials()
    await client.post("/auth/register", json=body)
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    parameters = {"hash": old, "email": body["email"]}
    async with resources.require_database().session() as session:
        await session.execute(text("UPDATE users SET password_hash = :hash WHERE email = :email"), parameters)
        await session.commit()
        assert (await client.post("/auth/login", json=body)).status_code == 200
        statement = text("SELECT password_hash FROM users WHERE email = :email")
        renewed = await session.scalar(statement, {"email": body["email"]})
    assert "m=19456" in str(renewed)
    assert (await client.post("/auth/login", json=body)).status_code == 200


async def test_the_event_loop_is_free_while_a_password_is_hashed(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher, begun, served = parts.passwords._hasher, Event(), Event()

    def hash_when_served(password: str) -> str:
        begun.set()
        assert served.wait(PATIENCE_SECONDS)
        return hasher.hash(password)

    monkeypatch.setattr(parts.passwords, "_hasher", SimpleNamespace(hash=hash_when_served))
    registrations = asyncio.gather(*(client.post("/auth/register", json=credentials()) for _ in range(6)))
    await until(begun.is_set)
    assert (await client.get("/live")).status_code == 200
    assert not registrations.done()
    served.set()
    assert all(answer.status_code == 201 for answer in await registrations)


async def test_a_password_changed_while_it_was_checked_is_not_right_any_more(
    client: httpx.AsyncClient, resources: Resources, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = credentials()
    await client.post("/auth/register", json=body)
    verify = parts.passwords.verify

    async def verify_slowly(password_hash: str | None, password: str) -> bool:
        right = await verify(password_hash, password)
        async with resources.require_database().session() as session:
            await session.execute(text("UPDATE users SET password_hash = 'another'"))
            await session.commit()
        return right

    monkeypatch.setattr(parts.passwords, "verify", verify_slowly)
    assert (await client.post("/auth/login", json=body)).status_code == 401
