"""The service is away while more happens than the stream holds: every event is audited afterwards, once."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from assistants_common import event_stream, outbox_relay
from assistants_common.events import MAX_LENGTH, STREAM
from assistants_common.outbox import OUTBOX, record_event
from assistants_common.outbox_relay import OutboxRelay
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings
from assistants_common.tokens import Role
from assistants_testing.plugin import running
from assistants_testing.postgres import PostgresServer
from security import NAME
from security.app import build_app
from security.models import AuditRow
from security.settings import Settings

pytestmark = pytest.mark.slow

EVENTS = int(os.environ.get("EVENTS_WHILE_ASLEEP", "600"))
"""`EVENTS_WHILE_ASLEEP=50000` is the full size, with the stream as long as it is in earnest."""
FULL_SIZE = 50_000
LENGTH = EVENTS * MAX_LENGTH // FULL_SIZE
"""Of the stream: as small a part of the events as the real one is of the full number."""
PATIENCE = max(240, EVENTS // 10)
POLL = 0.05
_AT_ONCE = 500


@pytest.fixture(autouse=True)
def _stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_relay, "MAX_LENGTH", LENGTH)
    monkeypatch.setattr(event_stream, "HISTORY", LENGTH // 2)


@pytest.fixture
async def sender(
    platform_settings: dict[str, Any], postgres_server: PostgresServer
) -> AsyncIterator[Resources]:
    """Another service, with a database and an outbox of its own, which publishes all the time."""
    template = postgres_server.migrated_template("assistants_testing.outbox_revisions")
    address = postgres_server.create_database("sender", template)
    settings = DatabaseSettings.model_validate({**platform_settings, **address.as_settings()})
    resources = Resources.build("user-management", settings)
    try:
        async with OutboxRelay(resources.require_database(), settings, POLL).running():
            yield resources
    finally:
        await resources.close()
        postgres_server.drop_database(address)


async def record(sender: Resources) -> None:
    """Logins of users who are all different: there is nothing to detect in them."""
    for start in range(0, EVENTS, _AT_ONCE):
        async with sender.require_database().session() as session:
            for number in range(start, min(start + _AT_ONCE, EVENTS)):
                await record_event(session, "user-management", "user.login", {"n": number}, uuid4())
            await session.commit()


async def rows_of(sender: Resources) -> int:
    async with sender.require_database().session() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0


async def audited(resources: Resources) -> Counter[int]:
    """How often each of the numbers is in the audit log."""
    async with resources.require_database().session() as session:
        details = await session.scalars(sa.select(AuditRow.details).where(AuditRow.action == "user.login"))
        return Counter(entry["data"]["n"] for entry in details)


async def test_all_events_of_the_time_it_was_away_are_audited_once_each(
    sender: Resources, settings: Settings
) -> None:
    # It has been there before, and has its group.
    await sender.redis.xgroup_create(STREAM, NAME, id="0", mkstream=True)
    await record(sender)
    async with asyncio.timeout(PATIENCE):
        while await sender.redis.xlen(STREAM) < LENGTH:
            await asyncio.sleep(POLL)
    assert await rows_of(sender) == EVENTS > await sender.redis.xlen(STREAM)
    app = build_app(settings)
    async with running(app):
        async with asyncio.timeout(PATIENCE):
            while await rows_of(sender):
                await asyncio.sleep(POLL)
        resources: Resources = app.state.resources
        assert await audited(resources) == dict.fromkeys(range(EVENTS), 1)
        token = resources.tokens.issue(uuid4(), Role.ADMIN).value
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://security", headers=headers
        ) as client:
            verification = (await client.get("/audit/verify")).json()
        assert (verification["valid"], verification["entries"]) == (True, EVENTS)
