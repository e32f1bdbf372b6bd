import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text, update

from assistants_common.resources import Resources
from assistants_testing.plugin import PublishedEvents
from assistants_testing.smtp import SmtpServer
from user_management.dependencies import Parts
from user_management.errands import LONGEST_QUEUE, Errands
from user_management.models import OneTimeToken
from user_management_testing import Register

pytestmark = pytest.mark.usefixtures("clean_tables")

LINK = re.compile(r"^https://assistants\.example\.com(/auth/verify-email)#([\w-]{43})\r?$", re.MULTILINE)


@pytest.fixture(scope="module")
def extra_settings(_smtp_instance: SmtpServer) -> dict[str, Any]:
    return {**_smtp_instance.as_settings(), "public_url": "https://assistants.example.com"}


@pytest.fixture(autouse=True)
async def mails(smtp_server: SmtpServer, parts: Parts) -> AsyncIterator[SmtpServer]:
    yield smtp_server
    await parts.errands.idle()


async def link(mails: SmtpServer, parts: Parts) -> re.Match[str]:
    """The link in the last mail."""
    await parts.errands.idle()
    found = LINK.search(mails.messages[-1].get_content())
    assert found is not None
    return found


async def test_an_account_can_be_used_once_its_address_is_confirmed(
    client: httpx.AsyncClient,
    registered: Register,
    mails: SmtpServer,
    parts: Parts,
    published_events: PublishedEvents,
) -> None:
    body = await registered()
    refused = await client.post("/auth/login", json=body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:assistants:problem:email-not-verified"
    assert "access_token" not in refused.text

    found = await link(mails, parts)
    assert mails.recipients[-1] == [body["email"]]
    assert (await client.post(found[1], json={"token": found[2]})).status_code == 204
    answer = await client.post("/auth/login", json=body)
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    seen = await client.get(f"/users/{answer.json()['user_id']}", headers=headers)
    assert seen.json()["email_verified"] is True
    types = [event["type"] for event in await published_events()]
    assert types == ["user.registered", "user.login_failed", "user.email_verified", "user.login"]


async def test_a_link_is_good_once(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts
) -> None:
    await registered()
    found = await link(mails, parts)
    assert (await client.post("/auth/verify-email", json={"token": found[2]})).status_code == 204
    again = await client.post("/auth/verify-email", json={"token": found[2]})
    assert again.status_code == 404


async def test_an_old_link_is_not_good(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts, resources: Resources
) -> None:
    await registered()
    found = await link(mails, parts)
    async with resources.require_database().session() as session:
        await session.execute(update(OneTimeToken).values(expires_at=text("now()")))
        await session.commit()
    assert (await client.post("/auth/verify-email", json={"token": found[2]})).status_code == 404


async def test_a_link_for_one_purpose_is_not_good_for_another(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts
) -> None:
    await registered()
    token = (await link(mails, parts))[2]
    reset = {"token": token, "password": "seven green lighthouses"}
    assert (await client.post("/auth/password/reset", json=reset)).status_code == 404


async def test_another_users_link_confirms_that_users_address_only(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts
) -> None:
    mine = await registered()
    await parts.errands.idle()
    others = await registered()
    token = (await link(mails, parts))[2]
    await client.post("/auth/verify-email", json={"token": token})
    assert (await client.post("/auth/login", json=mine)).status_code == 403
    assert (await client.post("/auth/login", json=others)).status_code == 200


async def test_a_login_sends_another_link_but_not_without_end(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts
) -> None:
    body = await registered()
    for _ in range(6):
        assert (await client.post("/auth/login", json=body)).status_code == 403
    await parts.errands.idle()
    assert len(mails.messages) == 1 + 3


async def test_without_the_right_password_nothing_is_sent_and_nothing_said(
    client: httpx.AsyncClient, registered: Register, mails: SmtpServer, parts: Parts
) -> None:
    body = await registered()
    wrong = await client.post("/auth/login", json={**body, "password": "not the password"})
    assert wrong.status_code == 401
    await parts.errands.idle()
    assert len(mails.messages) == 1


@pytest.mark.parametrize(
    "email",
    [
        "anna@example.com\r\nBcc: eve@example.com",
        "anna@example.com\nSubject: hello",
        "anna@example.com,eve@example.com",
        '"anna\r\nBcc: eve"@example.com',
        "Anna <anna@example.com>",
        "anna@example.com\0",
        "anna@exa\r\nmple.com",
    ],
)
@pytest.mark.parametrize("path", ["/auth/register", "/auth/password/forgot"])
async def test_header_injection_in_mail_is_refused(
    client: httpx.AsyncClient, mails: SmtpServer, parts: Parts, email: str, path: str
) -> None:
    answer = await client.post(path, json={"email": email, "password": "correct horse battery"})
    assert answer.status_code == 422
    await parts.errands.idle()
    assert mails.messages == []


async def test_an_address_in_unusual_letters_is_one_recipient_and_no_header(
    client: httpx.AsyncClient, mails: SmtpServer, parts: Parts
) -> None:
    email = f"o'neil+{uuid4().hex}@example.com"
    body = {"email": email, "password": "correct horse battery"}
    assert (await client.post("/auth/register", json=body)).status_code == 201
    await link(mails, parts)
    assert mails.recipients == [[email]]
    assert mails.messages[0]["To"] == email
    assert set(mails.messages[0].keys()) >= {"From", "To", "Subject", "Date", "Message-ID"}
    assert mails.messages[0]["Bcc"] is None


async def test_a_mail_server_that_refuses_costs_the_mail_and_not_the_account(
    client: httpx.AsyncClient,
    registered: Register,
    mails: SmtpServer,
    parts: Parts,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mails.reject = "554 no"
    body = await registered()
    await parts.errands.idle()
    assert "work in the background failed" in caplog.text
    mails.reject = None
    assert (await client.post("/auth/login", json=body)).status_code == 403
    found = await link(mails, parts)
    await client.post(found[1], json={"token": found[2]})
    assert (await client.post("/auth/login", json=body)).status_code == 200


async def test_too_much_work_in_the_background_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    errands, ran = Errands(), []

    async def work() -> None:
        ran.append(1)

    for _ in range(LONGEST_QUEUE + 2):
        errands.run(work())
    await errands.close()
    assert len(ran) == LONGEST_QUEUE
    assert caplog.text.count("one more is dropped") == 2


async def test_work_that_hangs_is_given_up_at_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, app: FastAPI
) -> None:
    monkeypatch.setattr("user_management.errands._CLOSE_SECONDS", 0)
    errands = Errands()
    for _ in range(10):
        errands.run(asyncio.sleep(3600))
    await errands.close()
    assert "mails given up at the end" in caplog.text
