"""Tables of security."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from assistants_common.database import NAMING_CONVENTION


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class ThreatKind(StrEnum):
    BRUTE_FORCE = "brute_force"
    SELF_PROMOTION = "self_promotion"
    ROLE_CHANGE_BURST = "role_change_burst"


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class AuditEntry(Base):
    """A link of the chain. A trigger lets rows be added only.

    `details` is JSON and not JSONB because JSONB rewrites numbers, which would change the hash.
    """

    __tablename__ = "audit_log"
    __table_args__ = (_one_of("outcome", Outcome),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[UUID]
    action: Mapped[str] = mapped_column(String(100))
    resource: Mapped[str] = mapped_column(String(255))
    outcome: Mapped[str] = mapped_column(String(16))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Signal(Base):
    """An event that a rule counts. The key makes an event that is delivered twice count once."""

    __tablename__ = "signals"
    __table_args__ = (Index("ix_signals_kind_subject_time", "kind", "subject", "time"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(128))
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class Threat(Base):
    """Something hostile that goes on, or went on, from one subject."""

    __tablename__ = "threats"
    __table_args__ = (
        _one_of("severity", Severity),
        Index("ix_threats_kind_subject_last_seen", "kind", "subject", "last_seen"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(128))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    first_seen: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_seen: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    count: Mapped[int]


class Alert(Base):
    """A threat that somebody has to look at. `announced_at` is empty until its event is published."""

    __tablename__ = "alerts"
    __table_args__ = (
        _one_of("severity", Severity),
        _one_of("state", AlertState),
        Index("ix_alerts_unannounced", "created_at", postgresql_where=text("announced_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    threat_id: Mapped[UUID] = mapped_column(ForeignKey("threats.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default=AlertState.OPEN.value)
    severity: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    announced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    threat: Mapped[Threat] = relationship(lazy="raise")
