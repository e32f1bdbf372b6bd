"""Turns the platform's events into audit entries, signals, threats and alerts."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.database import Database
from assistants_common.events import Event
from assistants_common.outbox import record_event
from assistants_common.problems import is_unavailable
from security.alerts.notifications import NotificationQueue
from security.audit_log.chain import OWN_SOURCE, Appended, AuditChain
from security.audit_log.events import draft_of, is_audited
from security.audit_log.logger import audit_logger
from security.detection import lookups, threats
from security.detection.lookups import Hit
from security.detection.rules import RULES, matches, most_within
from security.detection.threats import OPENED, RAISED, Call, Seen
from security.models import Signal

logger = logging.getLogger(__name__)

RETENTION = timedelta(days=7)
ALERTS_OPENED = Counter("security_alerts_total", "Alerts opened.", ["kind", "severity"])
for _rule in RULES:
    ALERTS_OPENED.labels(_rule.kind.value, _rule.severity.value)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('detection', 0))")
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
# More than any threshold, and few enough that a flood of events does not slow each event down.
_MOST_SIGNALS = 200


class Detector:
    """The handler of the event consumer.

    The detector stores all results of an event in one transaction: its audit entry, signals, threats and
    alerts, the event that announces an alert, and the notifications. So a repeated delivery, also after a
    crash, changes nothing.
    """

    def __init__(self, database: Database, chain: AuditChain, notifications: NotificationQueue) -> None:
        self._database = database
        self._chain = chain
        self._notifications = notifications

    async def handle(self, event: Event) -> None:
        """Handle an event; while the database is unreachable, wait for it.

        The consumer drops an event after some attempts, which is right for events that cannot be handled, but
        not for valid events during a long outage.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._handle(event)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                extra = {"event_id": str(event.id), "pause_seconds": pause, "reason": type(error).__name__}
                logger.warning("the event waits for the database", extra=extra)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    async def _handle(self, event: Event) -> None:
        at = _time_of(event)
        recent = at >= datetime.now(UTC) - RETENTION
        if not recent and not is_audited(event):
            return
        async with self._database.session() as session:
            calls = await self._detect(session, event, at) if recent else []
            appended = await self._chain.append_once(session, draft_of(event)) if is_audited(event) else None
            await session.commit()
        await self._tell(calls, appended)

    async def _detect(self, session: AsyncSession, event: Event, at: datetime) -> list[Call]:
        """Apply the rules. Replicas take turns, because a rule must see the counts of the others."""
        found = matches(event.model_copy(update={"time": at}))
        await session.execute(_LOCK)
        hits = [Hit(rule, reading, event.id, at) for rule, reading in found]
        hits += await lookups.look_up(session, event, at)
        calls = [call for hit in hits if (call := await _apply(session, hit))]
        for call in calls:
            if call.reason != RAISED:
                await record_event(session, OWN_SOURCE, "security.alert", announcement(call))
            self._notifications.add(session, call.alert)
        return calls

    async def _tell(self, calls: list[Call], appended: Appended | None) -> None:
        for call in calls:
            _report(call)
        if calls:
            self._notifications.wake.set()
        if appended is not None:
            await self._chain.committed(appended)

    async def forget(self) -> None:
        """Delete data that no rule needs."""
        now = datetime.now(UTC)
        async with self._database.session() as session:
            await session.execute(_LOCK)
            await session.execute(delete(Signal).where(Signal.time < now - RETENTION))
            await lookups.forget(session, now - RETENTION, now)
            await session.commit()


def _time_of(event: Event) -> datetime:
    """The time of an event, at most now, in case a sender's clock is ahead."""
    time = event.time if event.time.tzinfo else event.time.replace(tzinfo=UTC)
    return min(time, datetime.now(UTC))


async def _apply(session: AsyncSession, hit: Hit) -> Call | None:
    """Count an event for a rule; returns the alert to announce, if any."""
    rule, reading = hit.rule, hit.reading
    signal = insert(Signal).values(
        event_id=hit.event_id,
        kind=rule.kind.value,
        subject=reading.subject,
        time=hit.time,
        value=reading.value,
    )
    stored = await session.scalar(signal.on_conflict_do_nothing().returning(Signal.event_id))
    if stored is None:
        extra = {"event_id": str(hit.event_id), "kind": rule.kind.value}
        logger.info("event counted before", extra=extra)
        return None
    signals = await _signals_around(session, hit)
    seen = [(signal.time, signal.value or signal.event_id) for signal in signals]
    count = most_within(rule.window, seen, hit.time)
    audit_logger.debug(
        "rule applied", extra={"kind": rule.kind.value, "subject": reading.subject, "count": count}
    )
    if count < rule.threshold:
        return None
    return await threats.record(session, rule, reading.subject, hit.time, signals, count)


async def _signals_around(session: AsyncSession, hit: Hit) -> list[Seen]:
    """The signals in the windows around an event, in the order of time; at most the nearest _MOST_SIGNALS."""
    of_subject = select(Signal.event_id, Signal.time, Signal.value).where(
        Signal.kind == hit.rule.kind.value, Signal.subject == hit.reading.subject
    )
    before = of_subject.where(Signal.time.between(hit.time - hit.rule.window, hit.time))
    after = of_subject.where(Signal.time > hit.time, Signal.time <= hit.time + hit.rule.window)
    newest_first = before.order_by(Signal.time.desc(), Signal.event_id.desc()).limit(_MOST_SIGNALS)
    oldest_first = after.order_by(Signal.time, Signal.event_id).limit(_MOST_SIGNALS)
    earlier = [Seen(*row) for row in await session.execute(newest_first)]
    return [*reversed(earlier), *(Seen(*row) for row in await session.execute(oldest_first))]


def announcement(call: Call) -> dict[str, object]:
    """The data of the event `security.alert`."""
    alert = call.alert
    return {
        "alert_id": str(alert.id),
        "threat_id": str(alert.threat_id),
        "kind": alert.threat.kind,
        "severity": alert.severity,
        "subject": alert.threat.subject,
        "title": alert.title,
    }


def _report(call: Call) -> None:
    threat = call.alert.threat
    if call.reason == OPENED:
        ALERTS_OPENED.labels(threat.kind, threat.severity).inc()
    extra = {
        "alert_id": str(call.alert.id),
        "kind": threat.kind,
        "severity": threat.severity,
        "subject": threat.subject,
    }
    audit_logger.warning("alert %s", call.reason, extra=extra)
