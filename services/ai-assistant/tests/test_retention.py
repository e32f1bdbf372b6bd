import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from ai_assistant.conversations import Conversations, Turn
from ai_assistant.models import Conversation, Message
from ai_assistant.retention import Retention
from assistants_common.database import Database
from assistants_common.resources import Resources
from assistants_testing.waiting import patience, patiently


@pytest.fixture
def database(resources: Resources, clean_tables: None) -> Database:
    return resources.require_database()


async def add_conversation(database: Database, days: float) -> None:
    """One whose last turn was so many days ago."""
    conversation_id, _ = await Conversations(database).start(uuid4(), Turn(f"q{days}", "a", "gpt-5.5"))
    moment = datetime.now(UTC) - timedelta(days=days)
    async with database.session() as session:
        own = Conversation.id == conversation_id
        await session.execute(update(Conversation).where(own).values(updated_at=moment))
        await session.commit()


async def left(database: Database) -> list[str]:
    async with database.session() as session:
        questions = await session.scalars(select(Message.content).where(Message.role == "user"))
        return sorted(questions)


async def test_the_oldest_go_in_small_batches(database: Database) -> None:
    for days in (89, 93, 91, 92, 0):
        await add_conversation(database, days)
    retention = Retention(database, 90, batch=2)
    assert await retention.delete_batch() == 2
    assert await left(database) == ["q0", "q89", "q91"]
    assert await retention.delete_batch() == 1
    assert await retention.delete_batch() == 0
    assert await left(database) == ["q0", "q89"]
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Message)) == 4


async def test_one_replica_deletes(database: Database) -> None:
    await add_conversation(database, 91)
    retention = Retention(database, 90)
    async with database.session() as other:
        await other.execute(text(f"SELECT pg_advisory_xact_lock({0x61_69_72_74})"))
        assert await retention.delete_batch() == 0
        assert await left(database) == ["q91"]
    assert await retention.delete_batch() == 1


async def test_a_conversation_that_is_gone_on_with_is_left_alone(database: Database) -> None:
    await add_conversation(database, 91)
    async with database.session() as other:
        await other.execute(select(Conversation).with_for_update())
        assert await Retention(database, 90).delete_batch() == 0
    assert await left(database) == ["q91"]


async def test_runs_in_the_background(database: Database) -> None:
    for days in (91, 92, 93):
        await add_conversation(database, days)
    async with Retention(database, 90, batch=2).running(), patience():
        while await left(database):
            await asyncio.sleep(0.02)


async def test_a_database_that_is_away_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = asyncio.Event()

    async def fail(_retention: Retention) -> int:
        failed.set()
        raise OperationalError("SELECT", {}, OSError("gone"))

    monkeypatch.setattr(Retention, "delete_batch", fail)
    async with Retention(database, 90).running():
        await patiently(failed.wait())
    assert "old conversations were not deleted" in caplog.text
