"""Threats and alerts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from assistants_common.auth import AdminUser, AnalystUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.resources import SessionDep
from security.alerts import states as alerts
from security.dependencies import ChainDep
from security.models import AlertState, ThreatKind
from security.schemas import AlertView, StateChange, ThreatView
from security.severity import Severity
from security.timestamps import UtcTimestamp

router = APIRouter(tags=["threats"])

KindFilter = Annotated[ThreatKind | None, Query(description="Only of this kind.", examples=["brute_force"])]
SeverityFilter = Annotated[Severity | None, Query(description="Only of this severity.", examples=["high"])]
StateFilter = Annotated[AlertState | None, Query(description="Only in this state.", examples=["open"])]
ThreatStateFilter = Annotated[
    AlertState | None, Query(description="Only with an alert in this state.", examples=["open"])
]
SeenSince = Annotated[
    UtcTimestamp | None,
    Query(description="Only what was last seen at this time or later.", examples=["2026-01-31T00:00:00Z"]),
]
CreatedSince = Annotated[
    UtcTimestamp | None,
    Query(description="Only what was created at this time or later.", examples=["2026-01-31T00:00:00Z"]),
]


@router.get("/threats", summary="Threats, last seen first")
async def list_threats(
    _: AnalystUser,
    session: SessionDep,
    page: PageParamsDep,
    kind: KindFilter = None,
    severity: SeverityFilter = None,
    state: ThreatStateFilter = None,
    since: SeenSince = None,
) -> Page[ThreatView]:
    statement = alerts.select_threats(kind, severity, state, since)
    return await paginate(session, statement, page, ThreatView.model_validate)


@router.get("/threats/{threat_id}", summary="A threat")
async def show_threat(threat_id: UUID, _: AnalystUser, session: SessionDep) -> ThreatView:
    return ThreatView.model_validate(await alerts.get_threat(session, threat_id))


@router.get("/alerts", summary="Alerts, newest first")
async def list_alerts(
    _: AnalystUser,
    session: SessionDep,
    page: PageParamsDep,
    kind: KindFilter = None,
    severity: SeverityFilter = None,
    state: StateFilter = None,
    since: CreatedSince = None,
) -> Page[AlertView]:
    return await paginate(session, alerts.select_alerts(kind, severity, state, since), page, AlertView.of)


@router.get("/alerts/{alert_id}", summary="An alert, its history and its notifications")
async def show_alert(alert_id: UUID, _: AnalystUser, session: SessionDep) -> AlertView:
    return AlertView.of(await alerts.get_alert(session, alert_id))


@router.post(
    "/alerts/{alert_id}/state",
    summary="Acknowledge, resolve or reopen an alert",
    description=(
        "From open to acknowledged or resolved, from acknowledged to resolved or open, "
        "and from resolved to open."
    ),
)
async def change_state(
    alert_id: UUID, body: StateChange, caller: AdminUser, session: SessionDep, chain: ChainDep
) -> AlertView:
    alert = await alerts.change_state(session, chain, alert_id, body.state, caller.user_id, body.note)
    return AlertView.of(alert)
