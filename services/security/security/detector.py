"""Applies the rules to the platform's events."""

import logging
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.database import Database
from assistants_common.events import Event, EventPublisher
from security import threats
from security.audit_logger import audit_logger
from security.models import Alert, Signal
from security.rules import RULES, Rule, matches, most_within

logger = logging.getLogger(__name__)

RETENTION = timedelta(days=7)
ALERTS_OPENED = Counter("security_alerts_total", "Alerts opened.", ["kind", "severity"])
for _rule in RULES:
    ALERTS_OPENED.labels(_rule.kind.value, _rule.severity.value)


class Detector:
    """The handler of the event consumer.

    An event's signals, threats and alerts are stored in one transaction, so an event that comes twice changes
    nothing the second time. Alerts are announced after it; one that could not be is announced on the retry.
    """

    def __init__(self, database: Database, events: EventPublisher) -> None:
        self._database = database
        self._events = events

    async def handle(self, event: Event) -> None:
        at = _time_of(event)
        found = matches(event)
        if not found or at < datetime.now(UTC) - RETENTION:
            return
        async with self._database.session() as session:
            opened = [await _apply(session, event, at, rule, subject) for rule, subject in found]
            await session.execute(delete(Signal).where(Signal.time < datetime.now(UTC) - RETENTION))
            await session.commit()
        for alert in opened:
            if alert is not None:
                _report(alert)
        await self._announce()

    async def _announce(self) -> None:
        """Publish the alerts nobody has published yet, and note it one by one."""
        async with self._database.session() as session:
            while alert := await threats.next_unannounced(session):
                await self._events.publish("security.alert", threats.announcement(alert))
                alert.announced_at = datetime.now(UTC)
                await session.commit()


def _time_of(event: Event) -> datetime:
    """When it happened; a sender whose clock is ahead does not put events into the future."""
    time = event.time if event.time.tzinfo else event.time.replace(tzinfo=UTC)
    return min(time, datetime.now(UTC))


async def _apply(session: AsyncSession, event: Event, at: datetime, rule: Rule, subject: str) -> Alert | None:
    """Count the event for a rule; the alert this opens, if any."""
    await _lock(session, rule, subject)
    signal = insert(Signal).values(event_id=event.id, kind=rule.kind.value, subject=subject, time=at)
    stored = await session.scalar(signal.on_conflict_do_nothing().returning(Signal.event_id))
    if stored is None:
        logger.info("event seen before", extra={"event_id": str(event.id), "kind": rule.kind.value})
        return None
    signals = await _signals_around(session, at, rule, subject)
    count = most_within(rule.window, [signal.time for signal in signals], at)
    audit_logger.debug("rule applied", extra={"kind": rule.kind.value, "subject": subject, "count": count})
    if count < rule.threshold:
        return None
    return await threats.record(session, rule, subject, at, signals)


async def _lock(session: AsyncSession, rule: Rule, subject: str) -> None:
    """Replicas that handle events of one subject do so one after the other."""
    key = func.hashtextextended(f"{rule.kind}:{subject}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def _signals_around(session: AsyncSession, at: datetime, rule: Rule, subject: str) -> list[Signal]:
    statement = select(Signal).where(
        Signal.kind == rule.kind.value,
        Signal.subject == subject,
        Signal.time.between(at - rule.window, at + rule.window),
    )
    return list(await session.scalars(statement.order_by(Signal.time, Signal.event_id)))


def _report(alert: Alert) -> None:
    threat = alert.threat
    ALERTS_OPENED.labels(threat.kind, threat.severity).inc()
    extra = {
        "alert_id": str(alert.id),
        "kind": threat.kind,
        "severity": threat.severity,
        "subject": threat.subject,
    }
    audit_logger.warning("alert opened", extra=extra)
