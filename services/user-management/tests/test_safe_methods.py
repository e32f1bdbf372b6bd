"""Programs open links too: scanners of mail, previews. What a link opens changes nothing."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from assistants_common.resources import Resources
from assistants_testing.smtp import SmtpServer
from user_management.dependencies import Parts
from user_management_testing import Register

pytestmark = pytest.mark.usefixtures("clean_tables")

TABLES = ("users", "sessions", "refresh_tokens", "one_time_tokens", "identities", "outbox")
TOKEN = re.compile(r"https://assistants\.example\.com(/auth/\S*?)(?:#|\?token=)([\w-]{43})\r?$", re.MULTILINE)


@pytest.fixture(scope="module")
def extra_settings(_smtp_instance: SmtpServer) -> dict[str, Any]:
    return {**_smtp_instance.as_settings(), "public_url": "https://assistants.example.com"}


@pytest.fixture(autouse=True)
async def mails(smtp_server: SmtpServer, parts: Parts) -> AsyncIterator[SmtpServer]:
    yield smtp_server
    await parts.errands.idle()


async def content(resources: Resources) -> dict[str, list[str]]:
    """All that is in the tables, but for when the outbox was published."""
    found = {}
    async with resources.require_database().session() as session:
        for table in TABLES:
            rows = f"SELECT (to_jsonb(t) - 'published_at' - 'entry_id')::text FROM {table} t ORDER BY 1"  # noqa: S608
            found[table] = list(await session.scalars(text(rows)))
    return found


async def mailed(mails: SmtpServer, parts: Parts) -> tuple[str, str]:
    """Path and token of the link in the last mail."""
    await parts.errands.idle()
    found = TOKEN.search(mails.messages[-1].get_content())
    assert found is not None
    return found[1], found[2]


@pytest.mark.parametrize("purpose", ["confirm", "reset"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_link_that_is_only_opened_is_good_afterwards(
    client: httpx.AsyncClient,
    registered: Register,
    mails: SmtpServer,
    parts: Parts,
    resources: Resources,
    purpose: str,
    method: str,
) -> None:
    body = await registered()
    path, token = await mailed(mails, parts)
    if purpose == "reset":
        await client.post("/auth/password/forgot", json={"email": body["email"]})
        path, token = await mailed(mails, parts)
    before = await content(resources)
    for query in ("", f"?token={token}"):
        await client.request(method, path + query)
    assert await content(resources) == before
    order = {"token": token, **({"password": "seven green lighthouses"} if purpose == "reset" else {})}
    assert (await client.post(path, json=order)).status_code == 204


async def test_no_operation_that_reads_changes_anything(
    app: FastAPI,
    client: httpx.AsyncClient,
    registered: Register,
    mails: SmtpServer,
    parts: Parts,
    resources: Resources,
) -> None:
    """The login at an identity provider excepted: its state makes it good once, and for one browser."""
    await registered()
    _, token = await mailed(mails, parts)
    before = await content(resources)
    paths = [path for path, item in app.openapi()["paths"].items() if "get" in item and "oidc" not in path]
    assert "/auth/verify-email" in paths
    for path in paths:
        await client.get(path, params={"token": token})
    assert await content(resources) == before


async def test_the_page_says_nothing_of_the_link_and_takes_its_script_from_a_file(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/auth/verify-email", params={"token": "x" * 43})
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "x" * 43 not in page.text
    assert re.findall(r'(?:src|href|action)="([^"]*)"', page.text) == ["verify-email.js"]
    script = await client.get("/auth/verify-email.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert 'method: "POST"' in script.text
