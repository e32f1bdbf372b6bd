"""Threats and alerts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import select

from assistants_common.auth import AdminUser, AnalystUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.resources import SessionDep
from security import threats
from security.audit_logger import audit_logger
from security.models import Alert, AlertState, Severity, Threat
from security.schemas import AlertView, StateChange, ThreatView

router = APIRouter(tags=["threats"])

SeverityFilter = Annotated[Severity | None, Query(description="Only of this severity.", examples=["high"])]
StateFilter = Annotated[AlertState | None, Query(description="Only in this state.", examples=["open"])]
ThreatStateFilter = Annotated[
    AlertState | None, Query(description="Only with an alert in this state.", examples=["open"])
]


@router.get("/threats", summary="Threats, last seen first")
async def list_threats(
    _: AnalystUser,
    session: SessionDep,
    page: PageParamsDep,
    severity: SeverityFilter = None,
    state: ThreatStateFilter = None,
) -> Page[ThreatView]:
    statement = select(Threat).order_by(Threat.last_seen.desc(), Threat.id)
    if severity is not None:
        statement = statement.where(Threat.severity == severity.value)
    if state is not None:
        with_alert = select(Alert.threat_id).where(Alert.state == state.value)
        statement = statement.where(Threat.id.in_(with_alert))
    return await paginate(session, statement, page, ThreatView.model_validate)


@router.get("/alerts", summary="Alerts, newest first")
async def list_alerts(
    _: AnalystUser,
    session: SessionDep,
    page: PageParamsDep,
    severity: SeverityFilter = None,
    state: StateFilter = None,
) -> Page[AlertView]:
    statement = select(Alert).order_by(Alert.created_at.desc(), Alert.id)
    if severity is not None:
        statement = statement.where(Alert.severity == severity.value)
    if state is not None:
        statement = statement.where(Alert.state == state.value)
    return await paginate(session, statement, page, AlertView.model_validate)


@router.post(
    "/alerts/{alert_id}/state",
    summary="Acknowledge or resolve an alert: open to acknowledged or resolved, acknowledged to resolved",
)
async def change_state(
    alert_id: UUID, body: StateChange, caller: AdminUser, session: SessionDep
) -> AlertView:
    alert, previous = await threats.change_state(session, alert_id, body.state)
    extra = {"alert_id": str(alert.id), "from": previous.value, "to": alert.state, "by": str(caller.user_id)}
    audit_logger.info("alert state changed", extra=extra)
    return AlertView.model_validate(alert)
