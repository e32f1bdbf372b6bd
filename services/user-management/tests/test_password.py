import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text, update

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.smtp import SmtpServer
from user_management.dependencies import Parts
from user_management.models import OneTimeToken, User
from user_management_testing import AskForLink, LogIn, Register

pytestmark = pytest.mark.usefixtures("clean_tables")

NEW = "seven green lighthouses"
LINK = re.compile(r"^https://assistants\.example\.com/auth/password/reset#([\w-]{43})\r?$", re.MULTILINE)


@pytest.fixture(scope="module")
def extra_settings(_smtp_instance: SmtpServer) -> dict[str, Any]:
    return {**_smtp_instance.as_settings(), "public_url": "https://assistants.example.com"}


@pytest.fixture(autouse=True)
async def mails(smtp_server: SmtpServer, parts: Parts) -> AsyncIterator[SmtpServer]:
    yield smtp_server
    await parts.errands.idle()


@pytest.fixture
def registered(registered: Register, resources: Resources, parts: Parts, mails: SmtpServer) -> Register:
    """Accounts whose address is confirmed."""

    async def register() -> dict[str, str]:
        body: dict[str, str] = await registered()
        await parts.errands.idle()
        mails.clear()
        async with resources.require_database().session() as session:
            await session.execute(update(User).values(email_verified_at=text("now()")))
            await session.commit()
        return body

    return register


@pytest.fixture
def token(client: httpx.AsyncClient, parts: Parts, mails: SmtpServer) -> AskForLink:
    """`await token(body)`: what the mail for an account's new password brings."""

    async def ask(body: dict[str, str]) -> str:
        answer = await client.post("/auth/password/forgot", json={"email": body["email"]})
        assert answer.status_code == 202
        await parts.errands.idle()
        found = LINK.search(mails.messages[-1].get_content())
        assert found is not None
        return found[1]

    return ask


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def login(client: httpx.AsyncClient, email: str, password: str, status: int = 200) -> dict[str, Any]:
    answer = await client.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == status
    body: dict[str, Any] = answer.json()
    return body


async def reset(client: httpx.AsyncClient, token: str, password: str = NEW) -> httpx.Response:
    return await client.post("/auth/password/reset", json={"token": token, "password": password})


async def test_a_change_needs_the_old_password_and_ends_the_other_sessions(
    client: httpx.AsyncClient, logged_in: LogIn, published_events: PublishedEvents
) -> None:
    here = await logged_in()
    elsewhere = await login(client, here["email"], here["password"])
    change = {"old_password": here["password"], "new_password": NEW}
    wrong = await client.post(
        "/auth/password/change", json={**change, "old_password": "not it"}, headers=bearer(here)
    )
    assert wrong.status_code == 403
    answer = await client.post("/auth/password/change", json=change, headers=bearer(here))
    assert (answer.status_code, answer.content) == (204, b"")
    path = f"/users/{here['user_id']}"
    assert (await client.get(path, headers=bearer(here))).status_code == 200
    assert (await client.get(path, headers=bearer(elsewhere))).status_code == 401
    renewed = await client.post("/auth/refresh", json={"refresh_token": elsewhere["refresh_token"]})
    assert renewed.status_code == 401
    await login(client, here["email"], here["password"], 401)
    await login(client, here["email"], NEW)
    changed = [event for event in await published_events() if event["type"] == "user.password_changed"]
    assert [event["data"] for event in changed] == [{"by": "self"}]


async def test_a_change_by_a_token_without_a_session_ends_all_sessions(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources
) -> None:
    tokens = await logged_in()
    bare = {"access_token": resources.tokens.issue(UUID(tokens["user_id"]), Role.USER).value}
    change = {"old_password": tokens["password"], "new_password": NEW}
    answer = await client.post("/auth/password/change", json=change, headers=bearer(bare))
    assert answer.status_code == 204
    assert (await client.get(f"/users/{tokens['user_id']}", headers=bearer(tokens))).status_code == 401


async def test_two_changes_at_once_are_one(client: httpx.AsyncClient, logged_in: LogIn) -> None:
    tokens = await logged_in()
    passwords = ["first green lighthouse", "second green lighthouse"]
    answers = await asyncio.gather(
        *(
            client.post(
                "/auth/password/change",
                json={"old_password": tokens["password"], "new_password": password},
                headers=bearer(tokens),
            )
            for password in passwords
        )
    )
    assert sorted(answer.status_code for answer in answers) in ([204, 403], [204, 409])


async def test_an_account_without_a_password_cannot_change_it(
    client: httpx.AsyncClient, logged_in: LogIn, resources: Resources, auth_headers: AuthHeaders
) -> None:
    tokens = await logged_in()
    async with resources.require_database().session() as session:
        await session.execute(update(User).values(password_hash=None))
        await session.commit()
    change = {"old_password": tokens["password"], "new_password": NEW}
    answer = await client.post("/auth/password/change", json=change, headers=bearer(tokens))
    assert answer.status_code == 409
    await login(client, tokens["email"], tokens["password"], 401)
    unknown = await client.post("/auth/password/change", json=change, headers=auth_headers())
    assert unknown.status_code == 404


@pytest.mark.parametrize("bad", ["password1234", "the address"])
async def test_a_common_password_is_refused_wherever_one_is_chosen(
    client: httpx.AsyncClient, logged_in: LogIn, token: AskForLink, bad: str
) -> None:
    tokens = await logged_in()
    password = tokens["email"] if bad == "the address" else bad
    link = await token(tokens)
    answers = [
        await client.post("/auth/register", json={"email": tokens["email"], "password": password}),
        await reset(client, link, password),
        await client.post(
            "/auth/password/change",
            json={"old_password": tokens["password"], "new_password": password},
            headers=bearer(tokens),
        ),
    ]
    for answer, field in zip(answers, ("password", "password", "new_password"), strict=True):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["location"] == ["body", field]
        assert password not in answer.text
    assert (await reset(client, link)).status_code == 204, "the token was not used up"


async def test_a_reset_sets_the_password_ends_all_sessions_and_lifts_a_lock(
    client: httpx.AsyncClient, logged_in: LogIn, token: AskForLink, published_events: PublishedEvents
) -> None:
    tokens = await logged_in()
    for _ in range(10):
        await login(client, tokens["email"], "not the password", 401)
    await login(client, tokens["email"], tokens["password"], 429)
    assert (await reset(client, await token(tokens))).status_code == 204
    assert (await client.get(f"/users/{tokens['user_id']}", headers=bearer(tokens))).status_code == 401
    renewed = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 401
    await login(client, tokens["email"], tokens["password"], 401)
    fresh = await login(client, tokens["email"], NEW)
    assert (await client.get(f"/users/{tokens['user_id']}", headers=bearer(fresh))).status_code == 200
    changed = [event for event in await published_events() if event["type"] == "user.password_changed"]
    assert [event["data"] for event in changed] == [{"by": "reset"}]


async def test_a_reset_token_is_good_once_even_at_once(
    client: httpx.AsyncClient, registered: Register, token: AskForLink
) -> None:
    body = await registered()
    first, second = await token(body), await token(body)
    answers = await asyncio.gather(*(reset(client, first) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 404, 404, 404]
    assert (await reset(client, second)).status_code == 404, "an older mail is no way in any more"


async def test_a_reset_token_is_good_for_half_an_hour_and_only_its_hash_is_stored(
    client: httpx.AsyncClient, registered: Register, token: AskForLink, resources: Resources
) -> None:
    link = await token(await registered())
    async with resources.require_database().session() as session:
        stored = await session.scalar(select(OneTimeToken).where(OneTimeToken.purpose == "reset_password"))
        assert stored is not None
        assert stored.token_hash == sha256(link.encode()).digest()
        assert timedelta(minutes=29) < stored.expires_at - datetime.now(UTC) <= timedelta(minutes=30)
        await session.execute(update(OneTimeToken).values(expires_at=text("now()")))
        await session.commit()
    assert (await reset(client, link)).status_code == 404


async def test_a_reset_confirms_the_address(
    client: httpx.AsyncClient, registered: Register, token: AskForLink, resources: Resources
) -> None:
    body = await registered()
    async with resources.require_database().session() as session:
        await session.execute(update(User).values(email_verified_at=None))
        await session.commit()
    assert (await reset(client, await token(body))).status_code == 204
    await login(client, body["email"], NEW)


async def test_another_users_reset_token_changes_that_users_password_only(
    client: httpx.AsyncClient, logged_in: LogIn, token: AskForLink
) -> None:
    mine, others = await logged_in(), await logged_in()
    link = await token(others)
    answer = await client.post(
        "/auth/password/reset", json={"token": link, "password": NEW}, headers=bearer(mine)
    )
    assert answer.status_code == 204
    await login(client, mine["email"], mine["password"])
    await login(client, others["email"], NEW)


async def test_forgot_answers_the_same_for_known_and_unknown_addresses(
    client: httpx.AsyncClient, registered: Register, parts: Parts, mails: SmtpServer
) -> None:
    """And does the same until it has answered: whether there is an account is looked up afterwards."""
    body = await registered()
    known, unknown = body["email"], f"{uuid4().hex}@example.com"
    lookups: list[str] = []
    for email in (known, unknown):
        answer = await client.post("/auth/password/forgot", json={"email": email})
        lookups.append(f"{answer.status_code} {answer.text} {sorted(answer.headers)}")
        assert mails.messages == []
        await parts.errands.idle()
        assert len(mails.messages) == (1 if email == known else 0)
        mails.clear()
    assert lookups[0] == lookups[1]


async def test_an_answer_does_not_wait_for_the_database_or_the_mail_server(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the answer cannot tell what the work in the background finds."""
    found, answered = asyncio.Event(), asyncio.Event()

    async def find(*_: object) -> None:
        await answered.wait()
        found.set()

    monkeypatch.setattr("user_management.accounts.find_by_email", find)
    answer = await client.post("/auth/password/forgot", json={"email": "anna@example.com"})
    assert (answer.status_code, found.is_set()) == (202, False)
    answered.set()
    await parts.errands.idle()
    assert found.is_set()


async def test_a_mailbox_cannot_be_flooded(
    client: httpx.AsyncClient, registered: Register, parts: Parts, mails: SmtpServer
) -> None:
    body = await registered()
    for _ in range(6):
        answer = await client.post("/auth/password/forgot", json={"email": body["email"]})
        assert answer.status_code == 202
    await parts.errands.idle()
    assert len(mails.messages) == 3


async def test_the_page_brings_its_own_policy_and_no_foreign_part(client: httpx.AsyncClient) -> None:
    page = await client.get("/auth/password/reset")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "script-src 'self'"} <= {
        part.strip() for part in policy.split(";")
    }
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert re.findall(r'(?:src|href|action)="([^"]*)"', page.text) == ["reset.js"]
    assert "http" not in page.text
    script = await client.get("/auth/password/reset.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "innerHTML" not in script.text
