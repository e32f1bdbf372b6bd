"""Threats and their alerts in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from assistants_common.problems import ProblemError
from security.models import Alert, AlertState, Signal, Threat
from security.rules import Rule

MAX_EVIDENCE = 20
_NEXT_STATES = {
    AlertState.OPEN: {AlertState.ACKNOWLEDGED, AlertState.RESOLVED},
    AlertState.ACKNOWLEDGED: {AlertState.RESOLVED},
    AlertState.RESOLVED: set[AlertState](),
}


async def record(
    session: AsyncSession, rule: Rule, subject: str, at: datetime, signals: Sequence[Signal]
) -> Alert | None:
    """Note that a rule fired: on the threat that goes on, or as a new one.

    The alert is returned when one had to be opened: for a new threat, or one whose alerts were all resolved.
    """
    threat = await _ongoing(session, rule, subject, at)
    if threat is None:
        threat = _new_threat(rule, subject, signals)
        session.add(threat)
    else:
        threat.first_seen = min(threat.first_seen, at)
        threat.last_seen = max(threat.last_seen, at)
        threat.count += 1
        threat.evidence = _evidence(rule, signals)
        if await _has_unresolved_alert(session, threat):
            return None
    alert = Alert(threat=threat, severity=rule.severity.value, title=rule.title)
    session.add(alert)
    return alert


async def _ongoing(session: AsyncSession, rule: Rule, subject: str, at: datetime) -> Threat | None:
    """A threat goes on while no longer than the rule's window passes between two events."""
    statement = select(Threat).where(
        Threat.kind == rule.kind.value,
        Threat.subject == subject,
        Threat.last_seen >= at - rule.window,
        Threat.first_seen <= at + rule.window,
    )
    found: Threat | None = await session.scalar(statement.order_by(Threat.last_seen.desc()).limit(1))
    return found


def _new_threat(rule: Rule, subject: str, signals: Sequence[Signal]) -> Threat:
    return Threat(
        kind=rule.kind.value,
        severity=rule.severity.value,
        subject=subject,
        evidence=_evidence(rule, signals),
        first_seen=signals[0].time,
        last_seen=signals[-1].time,
        count=len(signals),
    )


def _evidence(rule: Rule, signals: Sequence[Signal]) -> dict[str, Any]:
    newest = signals[-MAX_EVIDENCE:]
    return {
        "threshold": rule.threshold,
        "window_seconds": int(rule.window.total_seconds()),
        "events": [{"id": str(signal.event_id), "time": signal.time.isoformat()} for signal in newest],
    }


async def _has_unresolved_alert(session: AsyncSession, threat: Threat) -> bool:
    """The rows are locked: a threat cannot go unseen because its alert is being resolved right now."""
    statement = select(Alert.id).where(Alert.threat_id == threat.id, Alert.state != AlertState.RESOLVED.value)
    return await session.scalar(statement.limit(1).with_for_update()) is not None


async def next_unannounced(session: AsyncSession) -> Alert | None:
    """An alert whose event is not published; the other replicas leave it alone until the commit."""
    statement = (
        select(Alert)
        .where(Alert.announced_at.is_(None))
        .options(joinedload(Alert.threat, innerjoin=True))
        .order_by(Alert.created_at)
        .limit(1)
        .with_for_update(of=Alert, skip_locked=True)
    )
    found: Alert | None = await session.scalar(statement)
    return found


def announcement(alert: Alert) -> dict[str, Any]:
    """The data of the event `security.alert`."""
    return {
        "alert_id": str(alert.id),
        "threat_id": str(alert.threat_id),
        "kind": alert.threat.kind,
        "severity": alert.severity,
        "subject": alert.threat.subject,
        "title": alert.title,
    }


async def change_state(session: AsyncSession, alert_id: UUID, state: AlertState) -> tuple[Alert, AlertState]:
    """Bring an alert into another state; returns it and the state before."""
    alert = await session.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        raise ProblemError(404, "There is no such alert.")
    previous = AlertState(alert.state)
    if state not in _NEXT_STATES[previous]:
        raise ProblemError(409, f"An alert that is {previous} cannot become {state}.")
    alert.state = state.value
    alert.updated_at = func.now()
    await session.commit()
    await session.refresh(alert)
    return alert, previous
