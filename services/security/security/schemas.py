"""Bodies of requests and responses."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from security.details import Details
from security.models import AlertState, Outcome, Severity, ThreatKind

_EXAMPLE_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EXAMPLE_SUBJECT = "0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11"


class AuditRecord(BaseModel):
    action: str = Field(
        min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$", examples=["report.exported"]
    )
    resource: str = Field(
        min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["reports/2026-q1"]
    )
    outcome: Outcome = Field(examples=["success"])
    details: Details | None = Field(default=None, examples=[{"format": "xlsx", "rows": 1200}])


class AuditEntryView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    sequence: int = Field(examples=[42])
    time: datetime
    actor: UUID = Field(description="The user whose token was used.")
    action: str = Field(examples=["report.exported"])
    resource: str = Field(examples=["reports/2026-q1"])
    outcome: Outcome
    details: dict[str, Any] | None = Field(examples=[{"format": "xlsx", "rows": 1200}])
    previous_hash: str = Field(examples=["0" * 64])
    hash: str = Field(examples=[_EXAMPLE_HASH])


class VerificationView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    valid: bool = Field(examples=[False])
    entries: int = Field(description="Entries looked at, the bad one included.", examples=[42])
    first_bad_sequence: int | None = Field(
        description="The first entry that was changed or is missing.", examples=[42]
    )


class ThreatView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: ThreatKind
    severity: Severity
    subject: str = Field(
        description="The fingerprint of the attacked account, or the id of the acting user.",
        examples=[_EXAMPLE_SUBJECT],
    )
    evidence: dict[str, Any] = Field(examples=[{"threshold": 5, "window_seconds": 600, "events": []}])
    first_seen: datetime
    last_seen: datetime
    count: Annotated[int, Field(description="Events that belong to the threat.", examples=[5])]


class AlertView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    threat_id: UUID
    state: AlertState
    severity: Severity
    title: str = Field(examples=["Repeated failed logins to one account"])
    created_at: datetime
    updated_at: datetime


class StateChange(BaseModel):
    state: AlertState = Field(examples=["acknowledged"])
