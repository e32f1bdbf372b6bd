import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt as pyjwt
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.waiting import patience
from user_management import cleanup
from user_management.models import Identity, OneTimeToken, RefreshToken, Session, User
from user_management.settings import Settings
from user_management_testing import LogIn

pytestmark = pytest.mark.usefixtures("clean_tables")


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def refresh(client: httpx.AsyncClient, token: str, status: int = 200) -> dict[str, Any]:
    answer = await client.post("/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


async def reads(client: httpx.AsyncClient, tokens: dict[str, Any]) -> int:
    answer = await client.get(f"/users/{tokens['user_id']}", headers=bearer(tokens))
    return answer.status_code


async def grow_old(resources: Resources, age: timedelta) -> None:
    """Everything was rotated that much earlier."""
    async with resources.require_database().session() as session:
        await session.execute(update(RefreshToken).values(rotated_at=RefreshToken.rotated_at - age))
        await session.commit()


async def test_a_refresh_token_is_good_for_new_tokens(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    first = await logged_in()
    second = await refresh(client, first["refresh_token"])
    third = await refresh(client, second["refresh_token"])
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    before = await resources.tokens.verify(first["access_token"])
    after = await resources.tokens.verify(third["access_token"])
    assert (before.user_id, before.session_id) == (after.user_id, after.session_id)
    assert before.session_id is not None
    assert first["refresh_expires_in"] == pytest.approx(14 * 24 * 3600, abs=5)
    assert await reads(client, third) == 200


async def test_only_hashes_of_tokens_are_stored(logged_in: LogIn, resources: Resources) -> None:
    tokens = await logged_in()
    assert len(tokens["refresh_token"]) == 43
    async with resources.require_database().session() as session:
        rows = (await session.execute(text("SELECT t::text FROM refresh_tokens t"))).scalars().all()
    assert len(rows) == 1
    assert tokens["refresh_token"] not in rows[0]
    assert tokens["refresh_token"].encode().hex() not in rows[0]


async def test_reuse_of_a_rotated_token_ends_the_whole_family(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources, published_events: PublishedEvents
) -> None:
    first, bystander = await logged_in(), await logged_in()
    second = await refresh(client, first["refresh_token"])
    await grow_old(resources, timedelta(minutes=1))
    assert (
        "www-authenticate"
        in (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).headers
    )
    await refresh(client, second["refresh_token"], 401)
    assert [await reads(client, tokens) for tokens in (first, second, bystander)] == [401, 401, 200]
    await refresh(client, bystander["refresh_token"])
    reused = [event for event in await published_events() if event["type"] == "user.token_reused"]
    assert [event["user_id"] for event in reused] == [first["user_id"]]
    assert set(reused[0]["data"]) == {"session", "address"}


async def test_a_family_ends_as_well_when_the_thief_was_first_and_quick(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    """The successor is already used, so the request is not the repetition after a lost answer."""
    stolen = (await logged_in())["refresh_token"]
    of_the_thief = await refresh(client, stolen)
    newer = await refresh(client, of_the_thief["refresh_token"])
    await refresh(client, stolen, 401)
    await refresh(client, newer["refresh_token"], 401)


async def test_a_lost_answer_may_be_asked_for_again_and_brings_the_same_token(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    first = await logged_in()
    lost, again = [await refresh(client, first["refresh_token"]) for _ in range(2)]
    assert lost["refresh_token"] == again["refresh_token"]
    async with resources.require_database().session() as session:
        living = await session.scalar(
            select(func.count()).select_from(RefreshToken).where(RefreshToken.rotated_at.is_(None))
        )
    assert living == 1
    await refresh(client, again["refresh_token"])


async def test_refreshes_at_once_never_make_two_living_tokens(
    client: httpx.AsyncClient, logged_in: LogIn
) -> None:
    first = await logged_in()
    answers = await asyncio.gather(*(refresh(client, first["refresh_token"]) for _ in range(5)))
    assert len({answer["refresh_token"] for answer in answers}) == 1


@pytest.mark.parametrize("column", [RefreshToken.expires_at, Session.expires_at])
async def test_an_expired_token_is_refused(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources, column: InstrumentedAttribute[datetime]
) -> None:
    tokens = await logged_in()
    async with resources.require_database().session() as session:
        await session.execute(update(column.class_).values({column.key: datetime.now(UTC)}))
        await session.commit()
    await refresh(client, tokens["refresh_token"], 401)


async def test_an_invented_token_is_refused(client: httpx.AsyncClient) -> None:
    await refresh(client, "A" * 43, 401)
    await refresh(client, "short", 422)
    await refresh(client, "A" * 42 + "\0", 422)


async def test_the_refresh_token_of_another_user_acts_for_that_user_alone(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    """The access token sent along makes no difference, and its session does not change."""
    mine, others = await logged_in(), await logged_in()
    answer = await client.post(
        "/auth/refresh", json={"refresh_token": others["refresh_token"]}, headers=bearer(mine)
    )
    assert answer.json()["user_id"] == others["user_id"]
    await grow_old(resources, timedelta(minutes=1))
    await client.post("/auth/refresh", json={"refresh_token": others["refresh_token"]}, headers=bearer(mine))
    assert await reads(client, mine) == 200
    await refresh(client, mine["refresh_token"])


async def test_logout_ends_the_session_with_all_its_tokens(
    client: httpx.AsyncClient, logged_in: LogIn, published_events: PublishedEvents
) -> None:
    tokens = await logged_in()
    elsewhere = (await client.post("/auth/login", json=_credentials(tokens))).json()
    answer = await client.post("/auth/logout", headers=bearer(tokens))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await reads(client, tokens) == 401
    await refresh(client, tokens["refresh_token"], 401)
    assert await reads(client, elsewhere) == 200
    assert (await client.post("/auth/logout", headers=bearer(tokens))).status_code == 401
    logouts = [event for event in await published_events() if event["type"] == "user.logout"]
    assert [event["user_id"] for event in logouts] == [tokens["user_id"]]


async def test_another_users_session_is_not_ended_by_a_logout(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    mine, others = await logged_in(), await logged_in()
    theirs = (await resources.tokens.verify(others["access_token"])).session_id
    forged = resources.tokens.issue(UUID(mine["user_id"]), Role.USER, session_id=theirs).value
    answer = await client.post("/auth/logout", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 204
    assert await reads(client, others) == 200


async def test_a_token_without_a_session_can_log_out(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    assert (await client.post("/auth/logout", headers=auth_headers())).status_code == 204
    assert (await client.post("/auth/logout")).status_code == 401


async def test_a_new_role_ends_the_sessions_and_comes_with_the_next_login(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    user, admin = await logged_in(), await logged_in()
    async with resources.require_database().session() as session:
        await session.execute(update(User).where(User.id == UUID(admin["user_id"])).values(role="admin"))
        await session.commit()
    headers = {"Authorization": f"Bearer {resources.tokens.issue(UUID(admin['user_id']), Role.ADMIN).value}"}
    for role, status in (("user", 200), ("analyst", 401)):
        put = await client.put(f"/users/{user['user_id']}/role", json={"role": role}, headers=headers)
        assert put.status_code == 200
        assert await reads(client, user) == status
    await refresh(client, user["refresh_token"], 401)
    again = (await client.post("/auth/login", json=_credentials(user))).json()
    assert pyjwt.decode(again["access_token"], options={"verify_signature": False})["role"] == "analyst"
    assert await reads(client, again) == 200
    assert await reads(client, admin) == 200


async def test_what_has_expired_is_deleted_and_what_lives_is_kept(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources, settings: Settings
) -> None:
    kept, gone = await logged_in(), await logged_in()
    await refresh(client, kept["refresh_token"])
    long_ago = datetime.now(UTC) - timedelta(days=30)
    async with resources.require_database().session() as session:
        sid = (await resources.tokens.verify(gone["access_token"])).session_id
        await session.execute(update(Session).where(Session.id == sid).values(refreshed_at=long_ago))
        await session.execute(
            update(RefreshToken).where(RefreshToken.session_id == sid).values(expires_at=long_ago)
        )
        owner = UUID(gone["user_id"])
        for name, expires_at in ((b"old", long_ago), (b"new", datetime.now(UTC) + timedelta(hours=1))):
            row = OneTimeToken(token_hash=name, purpose="verify_email", user_id=owner, expires_at=expires_at)
            session.add(row)
        await session.commit()
        assert await cleanup.clean(session, settings) == 3
        assert await cleanup.clean(session, settings) == 0
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Session, RefreshToken, OneTimeToken, Identity)
        ]
    assert counts == [1, 2, 1, 0]


async def test_the_cleanup_goes_on_after_a_failure(
    resources: Resources, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[str] = []
    done = asyncio.Event()

    async def clean(*_: object) -> int:
        outcomes.append("called")
        if len(outcomes) == 1:
            raise ConnectionError("the database is away")
        done.set()
        return 0

    monkeypatch.setattr(cleanup, "clean", clean)
    monkeypatch.setattr(cleanup, "PAUSE_SECONDS", 0)
    async with patience(), cleanup.cleaning(resources.require_database(), settings):
        await done.wait()
    assert len(outcomes) >= 2


def _credentials(tokens: dict[str, Any]) -> dict[str, str]:
    return {"email": tokens["email"], "password": tokens["password"]}
