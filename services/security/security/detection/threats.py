"""Threats in the database, and the alerts about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from security.detection.rules import Rule
from security.models import Alert, AlertChange, AlertState, Signal, Threat
from security.severity import Severity

MAX_EVIDENCE = 20
ALERTS_AN_HOUR = 3
"""Of one kind. Who can make up subjects, accounts for instance, must not make as many alerts and messages."""
SEVERAL = "several"
"""The subject of the threat that stands for all further ones of its kind."""
OPENED = "opened"
REOPENED = "reopened"
RAISED = "raised"
_WENT_ON = "The threat went on."


class Seen(NamedTuple):
    """An event that counts against a subject."""

    event_id: UUID
    time: datetime
    value: str | None


@dataclass(frozen=True)
class Call:
    """An alert to announce, and the reason."""

    alert: Alert
    reason: str


async def record(
    session: AsyncSession, rule: Rule, subject: str, at: datetime, signals: Sequence[Seen], count: int
) -> Call | None:
    """Record that a rule fired with `count` events, on the ongoing threat or as a new one.

    A threat has one alert. Until it is resolved the service sends no further message, unless the severity
    rises.
    """
    severity = rule.severity_of(count)
    threat = await _ongoing(session, rule, subject, at)
    if threat is not None:
        await _grow(session, threat, rule, signals)
        return await _call_again(session, threat, severity)
    if await _are_enough(session, rule):
        return await _record_among_several(session, rule, subject, at, signals, severity)
    return await _call(session, _open(rule, severity, subject, signals))


async def _call(session: AsyncSession, alert: Alert) -> Call:
    session.add(alert)
    await session.flush()
    return Call(alert, OPENED)


async def _are_enough(session: AsyncSession, rule: Rule) -> bool:
    """Whether the service has sent enough alerts of a kind lately to group further ones.

    It sends every critical alert, because such a threat needs a privileged account.
    """
    if rule.severity is Severity.CRITICAL:
        return False
    lately = (
        select(func.count())
        .select_from(Alert)
        .join(Alert.threat)
        .where(
            Threat.kind == rule.kind.value,
            Threat.subject != SEVERAL,
            Alert.created_at > func.now() - timedelta(hours=1),
        )
    )
    return (await session.scalar(lately) or 0) >= ALERTS_AN_HOUR


async def _record_among_several(
    session: AsyncSession,
    rule: Rule,
    subject: str,
    at: datetime,
    signals: Sequence[Seen],
    severity: Severity,
) -> Call | None:
    threat = await _ongoing(session, rule, SEVERAL, at)
    if threat is None:
        alert = _open(rule, severity, SEVERAL, signals)
        alert.threat.evidence["subjects"] = [subject]
        return await _call(session, alert)
    known: list[str] = threat.evidence["subjects"]
    threat.count += 1 if subject in known else len(signals)
    threat.first_seen = min(threat.first_seen, signals[0].time)
    threat.last_seen = max(threat.last_seen, signals[-1].time)
    subjects = known if subject in known else [*known, subject][-MAX_EVIDENCE:]
    threat.evidence = {**_evidence(rule, signals), "subjects": subjects}
    return await _call_again(session, threat, severity)


async def _ongoing(session: AsyncSession, rule: Rule, subject: str, at: datetime) -> Threat | None:
    """The threat of an event at this time. An event out of order may be earlier than the threat's first."""
    reach = max(rule.window, rule.lull)
    statement = select(Threat).where(
        Threat.kind == rule.kind.value,
        Threat.subject == subject,
        Threat.last_seen >= at - reach,
        Threat.first_seen <= at + reach,
    )
    found: Threat | None = await session.scalar(statement.order_by(Threat.last_seen.desc()).limit(1))
    return found


def _open(rule: Rule, severity: Severity, subject: str, signals: Sequence[Seen]) -> Alert:
    threat = Threat(
        kind=rule.kind.value,
        severity=severity.value,
        subject=subject,
        evidence=_evidence(rule, signals),
        first_seen=signals[0].time,
        last_seen=signals[-1].time,
        count=len(signals),
    )
    return Alert(threat=threat, severity=severity.value, title=rule.title)


async def _grow(session: AsyncSession, threat: Threat, rule: Rule, signals: Sequence[Seen]) -> None:
    threat.first_seen = min(threat.first_seen, signals[0].time)
    threat.last_seen = max(threat.last_seen, signals[-1].time)
    counted = select(func.count()).where(
        Signal.kind == threat.kind,
        Signal.subject == threat.subject,
        Signal.time.between(threat.first_seen, threat.last_seen),
    )
    # The count never falls, even when a threat lasts longer than the service keeps its signals.
    threat.count = max(threat.count + 1, await session.scalar(counted) or 0)
    threat.evidence = _evidence(rule, signals)


def _evidence(rule: Rule, signals: Sequence[Seen]) -> dict[str, Any]:
    newest = signals[-MAX_EVIDENCE:]
    return {
        "threshold": rule.threshold,
        "window_seconds": int(rule.window.total_seconds()),
        "reason": rule.reason,
        "events": [{"id": str(signal.event_id), "time": signal.time.isoformat()} for signal in newest],
    }


async def _call_again(session: AsyncSession, threat: Threat, severity: Severity) -> Call | None:
    """Announce a threat again. Locks the row, so that a concurrent resolution of the alert cannot hide it."""
    statement = (
        select(Alert)
        .where(Alert.threat_id == threat.id)
        .options(joinedload(Alert.threat))
        .order_by(Alert.created_at.desc())
        .limit(1)
        .with_for_update(of=Alert)
    )
    alert = (await session.scalars(statement.execution_options(populate_existing=True))).one()
    raised = severity.rank > Severity(alert.severity).rank
    reopened = alert.state == AlertState.RESOLVED
    if raised:
        threat.severity = alert.severity = severity.value
    if reopened:
        change(session, alert, AlertState.OPEN, note=_WENT_ON)
    if not raised and not reopened:
        return None
    alert.updated_at = func.clock_timestamp()
    await session.flush()
    return Call(alert, REOPENED if reopened else RAISED)


def change(
    session: AsyncSession,
    alert: Alert,
    state: AlertState,
    *,
    changed_by: object = None,
    note: str | None = None,
) -> None:
    """Change an alert's state, and record the author of the change."""
    session.add(
        AlertChange(
            alert_id=alert.id,
            from_state=alert.state,
            to_state=state.value,
            changed_by=changed_by,
            note=note,
        )
    )
    alert.state = state.value
    alert.updated_at = func.clock_timestamp()
