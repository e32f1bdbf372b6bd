"""Bodies of requests and responses."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from assistants_common.schemas import FilledText
from security.audit_log.details import Details
from security.audit_log.events import ACTION_PATTERN
from security.audit_log.keys import Checkpoint
from security.audit_log.verification import Verification
from security.models import Alert, AlertState, Channel, NotificationState, Outcome, ThreatKind
from security.severity import Severity

EXAMPLE_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EXAMPLE_SUBJECT = "0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11"
RESOURCE_PATTERN = r"^[^\x00-\x1f\x7f]+$"
_TITLE = "Repeated failed logins to one account"
_FROM_ATTRIBUTES = ConfigDict(from_attributes=True)


class AuditRecord(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "action": "report.exported",
                    "resource": "reports/2026-q1",
                    "outcome": "success",
                    "details": {"format": "xlsx", "rows": 1200},
                }
            ]
        }
    )

    action: str = Field(
        min_length=1,
        max_length=100,
        pattern=ACTION_PATTERN,
        description="Those that begin like the platform's own (user., gateway., audit. ...) are refused.",
        examples=["report.exported"],
    )
    resource: str = Field(
        min_length=1, max_length=255, pattern=RESOURCE_PATTERN, examples=["reports/2026-q1"]
    )
    outcome: Outcome = Field(examples=["success"])
    details: Details | None = Field(default=None, examples=[{"format": "xlsx", "rows": 1200}])


class AuditEntryView(BaseModel):
    model_config = _FROM_ATTRIBUTES

    sequence: int = Field(examples=[42])
    time: datetime
    actor: UUID | None = Field(
        description="The user whose token was used, or whom the event names; null when the user is unknown."
    )
    action: str = Field(examples=["report.exported"])
    resource: str = Field(examples=["reports/2026-q1"])
    outcome: Outcome
    details: dict[str, Any] | None = Field(examples=[{"format": "xlsx", "rows": 1200}])
    source: str | None = Field(
        description="`api` for what a caller wrote, else the service it happened in.", examples=["api"]
    )
    event_id: UUID | None = Field(description="The event the entry was made from.")
    previous_hash: str = Field(examples=["0" * 64])
    hash: str = Field(examples=[EXAMPLE_HASH])


class CheckpointView(BaseModel):
    model_config = _FROM_ATTRIBUTES

    sequence: int = Field(examples=[42])
    hash: str = Field(examples=[EXAMPLE_HASH])
    key_id: str = Field(examples=["5f2d1c0b9a887766"])


class VerificationView(BaseModel):
    valid: bool = Field(
        description="Nothing bad among the entries, nor missing at the end.", examples=[False]
    )
    complete: bool = Field(description="Whether the end of the log was reached.", examples=[True])
    entries: int = Field(description="Entries looked at, the bad one included.", examples=[42])
    first_bad_sequence: int | None = Field(
        description="The first entry that was changed, is missing or was never signed.", examples=[42]
    )
    reason: str | None = Field(examples=["the entry is not what was hashed"])
    started_after: CheckpointView | None = Field(
        description="The signed checkpoint taken for granted at the start; null from the first entry on."
    )
    checkpoint: CheckpointView | None = Field(description="The newest signed checkpoint found good.")
    anchor: CheckpointView | None = Field(
        description=(
            "The newest entry that is known outside the database, in Redis or by this process. Without one a"
            " log that was followed to its end is not valid."
        )
    )
    next_sequence: int | None = Field(
        description="`from` of the next call, unless complete.", examples=[None]
    )

    @classmethod
    def of(cls, found: Verification) -> Self:
        return cls(
            valid=found.fault is None,
            complete=found.next_sequence is None,
            entries=found.entries,
            first_bad_sequence=found.fault.sequence if found.fault else None,
            reason=found.fault.reason if found.fault else None,
            started_after=_checkpoint(found.started_after),
            checkpoint=_checkpoint(found.checkpoint),
            anchor=_checkpoint(found.anchor),
            next_sequence=found.next_sequence,
        )


def _checkpoint(checkpoint: Checkpoint | None) -> CheckpointView | None:
    return CheckpointView.model_validate(checkpoint) if checkpoint else None


class ThreatView(BaseModel):
    model_config = _FROM_ATTRIBUTES

    id: UUID
    kind: ThreatKind
    severity: Severity
    subject: str = Field(
        description=(
            "The fingerprint of the attacked account, the id of the acting user, or an address; `several` for"
            " what is more than three of a kind in an hour: the evidence names the latest."
        ),
        examples=[_EXAMPLE_SUBJECT],
    )
    evidence: dict[str, Any] = Field(examples=[{"threshold": 5, "window_seconds": 600, "events": []}])
    first_seen: datetime
    last_seen: datetime
    count: Annotated[int, Field(description="Events that belong to the threat.", examples=[5])]


class NotificationView(BaseModel):
    model_config = _FROM_ATTRIBUTES

    channel: Channel
    state: NotificationState = Field(description="`failed`: given up because of its age.")
    attempts: int = Field(examples=[1])
    created_at: datetime
    last_attempt_at: datetime | None
    sent_at: datetime | None
    error: str | None = Field(examples=["the webhook answered 503"])


class ChangeView(BaseModel):
    model_config = _FROM_ATTRIBUTES

    from_state: AlertState
    to_state: AlertState
    changed_by: UUID | None = Field(description="Null when the threat went on by itself.")
    note: str | None = Field(examples=["The colleague was on holiday."])
    time: datetime


class AlertView(BaseModel):
    id: UUID
    threat_id: UUID
    kind: ThreatKind
    subject: str = Field(examples=[_EXAMPLE_SUBJECT])
    count: int = Field(description="Events so far.", examples=[5])
    first_seen: datetime
    last_seen: datetime
    state: AlertState
    severity: Severity
    title: str = Field(examples=[_TITLE])
    created_at: datetime
    updated_at: datetime
    changes: list[ChangeView] = Field(description="Who brought it into which state, oldest first.")
    notifications: list[NotificationView] = Field(description="Who was told, oldest first.")

    @classmethod
    def of(cls, alert: Alert) -> Self:
        threat = alert.threat
        return cls(
            id=alert.id,
            threat_id=threat.id,
            kind=ThreatKind(threat.kind),
            subject=threat.subject,
            count=threat.count,
            first_seen=threat.first_seen,
            last_seen=threat.last_seen,
            state=AlertState(alert.state),
            severity=Severity(alert.severity),
            title=alert.title,
            created_at=alert.created_at,
            updated_at=alert.updated_at,
            changes=[ChangeView.model_validate(change) for change in alert.changes],
            notifications=[NotificationView.model_validate(item) for item in alert.notifications],
        )


class StateChange(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"state": "acknowledged", "note": "I have asked the colleague."}]}
    )

    state: AlertState = Field(examples=["acknowledged"])
    note: Annotated[FilledText, Field(max_length=1000)] | None = Field(
        default=None, examples=["I have asked the colleague."]
    )
