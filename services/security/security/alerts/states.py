"""The states of alerts, and queries for threats and alerts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from assistants_common.problems import ProblemError
from security.audit_log.chain import OWN_SOURCE, AuditChain, Draft
from security.detection import threats
from security.models import Alert, AlertState, Outcome, Threat, ThreatKind
from security.severity import Severity

# A person can reopen an alert that was resolved too soon; a threat that goes on reopens it too.
_NEXT_STATES = {
    AlertState.OPEN: {AlertState.ACKNOWLEDGED, AlertState.RESOLVED},
    AlertState.ACKNOWLEDGED: {AlertState.OPEN, AlertState.RESOLVED},
    AlertState.RESOLVED: {AlertState.OPEN},
}
_WHOLE = (
    joinedload(Alert.threat),
    selectinload(Alert.changes),
    selectinload(Alert.notifications),
)


def select_threats(
    kind: ThreatKind | None, severity: Severity | None, state: AlertState | None, since: datetime | None
) -> Select[Threat]:
    statement = select(Threat).order_by(Threat.last_seen.desc(), Threat.id)
    if kind is not None:
        statement = statement.where(Threat.kind == kind.value)
    if severity is not None:
        statement = statement.where(Threat.severity == severity.value)
    if state is not None:
        with_alert = select(Alert.threat_id).where(Alert.state == state.value)
        statement = statement.where(Threat.id.in_(with_alert))
    if since is not None:
        statement = statement.where(Threat.last_seen >= since)
    return statement


def select_alerts(
    kind: ThreatKind | None, severity: Severity | None, state: AlertState | None, since: datetime | None
) -> Select[Alert]:
    statement = select(Alert).order_by(Alert.created_at.desc(), Alert.id).options(*_WHOLE)
    if kind is not None:
        statement = statement.join(Alert.threat).where(Threat.kind == kind.value)
    if severity is not None:
        statement = statement.where(Alert.severity == severity.value)
    if state is not None:
        statement = statement.where(Alert.state == state.value)
    if since is not None:
        statement = statement.where(Alert.created_at >= since)
    return statement


async def get_threat(session: AsyncSession, threat_id: UUID) -> Threat:
    threat = await session.get(Threat, threat_id)
    if threat is None:
        raise ProblemError(404, "There is no such threat.")
    return threat


async def get_alert(session: AsyncSession, alert_id: UUID) -> Alert:
    alert = await session.get(Alert, alert_id, options=_WHOLE, populate_existing=True)
    if alert is None:
        raise ProblemError(404, "There is no such alert.")
    return alert


async def change_state(
    session: AsyncSession,
    chain: AuditChain,
    alert_id: UUID,
    state: AlertState,
    changed_by: UUID,
    note: str | None,
) -> Alert:
    """Change an alert's state, and record the change in the audit log in the same transaction."""
    alert = await session.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        raise ProblemError(404, "There is no such alert.")
    previous = AlertState(alert.state)
    if state not in _NEXT_STATES[previous]:
        raise ProblemError(409, f"An alert that is {previous} cannot become {state}.")
    threats.change(session, alert, state, changed_by=changed_by, note=note)
    draft = Draft(
        actor=changed_by,
        action="alert.state_changed",
        resource=f"alerts/{alert_id}",
        outcome=Outcome.SUCCESS,
        details={"from": previous.value, "to": state.value, "note": note},
        source=OWN_SOURCE,
    )
    appended = await chain.append(session, draft)
    await session.commit()
    await chain.committed(appended)
    return await get_alert(session, alert_id)
