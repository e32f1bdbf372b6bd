import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, insert, select, text

from analytics import retention
from analytics.app import build_app
from analytics.models import EventSeen, Report
from analytics.retention import Retention
from analytics.settings import Settings
from assistants_common.resources import Resources
from assistants_testing.plugin import running
from assistants_testing.postgres import PostgresServer
from assistants_testing.waiting import patience, until

REPORT_DAYS, EVENT_DAYS = 30, 400


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own rows."""


@pytest.fixture
def keeper(resources: Resources, settings: Settings) -> Retention:
    limits = {"report_retention_days": REPORT_DAYS, "event_retention_days": EVENT_DAYS}
    return Retention(resources.require_database(), settings.model_copy(update=limits))


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def add_events(resources: Resources, *times: datetime) -> list[UUID]:
    rows = [
        {"id": uuid4(), "type": "user.login", "source": "test", "time": time, "data": {}} for time in times
    ]
    async with resources.require_database().session() as session:
        await session.execute(insert(EventSeen), rows)
        await session.commit()
    return [row["id"] for row in rows if isinstance(row["id"], UUID)]


async def add_report(resources: Resources, made: datetime) -> UUID:
    day = made.date()
    report = Report(
        kind="usage", period_from=day, period_to=day, rows=[], totals={}, created_by=uuid4(), created_at=made
    )
    async with resources.require_database().session() as session:
        session.add(report)
        await session.commit()
    return report.id


async def ids(resources: Resources, table: type[EventSeen | Report]) -> set[UUID]:
    async with resources.require_database().session() as session:
        return set(await session.scalars(select(table.id)))


async def test_the_defaults_are_those_stated(settings: Settings) -> None:
    defaults = Settings.model_fields
    assert defaults["report_retention_days"].default == REPORT_DAYS
    assert defaults["event_retention_days"].default == EVENT_DAYS


async def test_what_is_too_old_goes_and_the_rest_stays(resources: Resources, keeper: Retention) -> None:
    _, young_event = await add_events(resources, ago(EVENT_DAYS + 0.01), ago(EVENT_DAYS - 0.01))
    await add_report(resources, ago(REPORT_DAYS + 0.01))
    young_report = await add_report(resources, ago(REPORT_DAYS - 0.01))
    await keeper.sweep()
    assert await ids(resources, EventSeen) == {young_event}
    assert await ids(resources, Report) == {young_report}


async def test_it_goes_in_small_batches(
    resources: Resources, keeper: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    await add_events(resources, *(ago(EVENT_DAYS + 1 + number) for number in range(7)))
    transactions = "SELECT count(DISTINCT xmin::text) FROM deleted"
    async with resources.require_database().session() as session:
        await session.execute(text("CREATE TABLE deleted (id uuid)"))
        await session.execute(
            text(
                "CREATE FUNCTION note_deleted() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN INSERT INTO deleted VALUES (OLD.id); RETURN OLD; END $$"
            )
        )
        await session.execute(
            text(
                "CREATE TRIGGER note_deleted BEFORE DELETE ON events_seen"
                " FOR EACH ROW EXECUTE FUNCTION note_deleted()"
            )
        )
        await session.commit()
    try:
        await keeper.sweep()
        async with resources.require_database().session() as session:
            assert await session.scalar(text("SELECT count(*) FROM deleted")) == 7
            assert await session.scalar(text(transactions)) == 3
    finally:
        async with resources.require_database().session() as session:
            await session.execute(text("DROP FUNCTION note_deleted() CASCADE"))
            await session.execute(text("DROP TABLE deleted"))
            await session.commit()


async def test_one_replica_deletes(resources: Resources, keeper: Retention) -> None:
    await add_events(resources, ago(EVENT_DAYS + 1))
    async with resources.require_database().session() as other:
        assert await other.scalar(select(func.pg_try_advisory_xact_lock(retention.LOCK)))
        await keeper.sweep()
        assert len(await ids(resources, EventSeen)) == 1
    await keeper.sweep()
    assert await ids(resources, EventSeen) == set()


async def test_an_outage_does_not_end_it(
    app: FastAPI,
    settings: Settings,
    resources: Resources,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The service starts without its database, and forgets what is too old once it is back."""
    await add_events(resources, ago(EVENT_DAYS + 1))
    own = {"event_retention_days": EVENT_DAYS, "retention_interval_seconds": 1}
    postgres_server.stop()
    async with running(build_app(Settings.model_validate({**settings.model_dump(), **own}))):
        await until(lambda: "it will be tried again" in caplog.text)
        postgres_server.start()
        async with patience():
            while await ids(resources, EventSeen):
                await asyncio.sleep(0.1)
