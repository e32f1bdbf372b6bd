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
from assistants_common.outbox import add_outbox_table
from security.severity import Severity


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class ThreatKind(StrEnum):
    BRUTE_FORCE = "brute_force"
    PASSWORD_SPRAYING = "password_spraying"  # noqa: S105 - the name of an attack
    LOCKED_ACCOUNT_STORM = "locked_account_storm"
    MANY_ADDRESSES = "many_addresses"
    SELF_PROMOTION = "self_promotion"
    UNAUTHORIZED_PROMOTION = "unauthorized_promotion"
    ROLE_CHANGE_BURST = "role_change_burst"
    TOKEN_REUSE = "token_reuse"  # noqa: S105 - the name of an attack
    SCRAPING = "scraping"
    ENUMERATION = "enumeration"
    BULK_READING = "bulk_reading"
    PROMPT_INJECTION = "prompt_injection"


class Channel(StrEnum):
    EMAIL = "email"
    WEBHOOK = "webhook"


class NotificationState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class AuditRow(Base):
    """A link of the chain. A trigger allows only new rows.

    `details` is JSON and not JSONB because JSONB rewrites numbers, which would change the hash.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        _one_of("outcome", Outcome),
        Index("ix_audit_log_actor_sequence", "actor", "sequence"),
        Index("ix_audit_log_action_sequence", "action", "sequence"),
        Index(
            "uq_audit_log_event_id", "event_id", unique=True, postgresql_where=text("event_id IS NOT NULL")
        ),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(100))
    resource: Mapped[str] = mapped_column(String(255))
    outcome: Mapped[str] = mapped_column(String(16))
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(64))
    event_id: Mapped[UUID | None]


class CheckpointRow(Base):
    """The signed end of the log after an entry. Append-only like the log."""

    __tablename__ = "audit_checkpoints"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(64))


class Signal(Base):
    """An event that a rule counts. Because of the key, a repeated delivery counts once.

    For rules that count different values (addresses, accounts, minutes), `value` is this event's value.
    """

    __tablename__ = "signals"
    __table_args__ = (Index("ix_signals_kind_subject_time", "kind", "subject", "time"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(128))
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    value: Mapped[str | None] = mapped_column(String(128))


class RoleSighting(Base):
    """A role that an event showed for a user; `changed_by` is set when the event gave the role."""

    __tablename__ = "role_sightings"
    __table_args__ = (Index("ix_role_sightings_user_id_time", "user_id", "time"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(16))
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_by: Mapped[UUID | None]
    is_promotion: Mapped[bool]


class AccountLock(Base):
    """The time during which an account was locked."""

    __tablename__ = "account_locks"
    __table_args__ = (Index("ix_account_locks_account_ends_at", "account", "ends_at"),)

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(128))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Threat(Base):
    """A current or past attack by one subject."""

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
    """A threat that needs a person's attention.

    The outbox replaced `announced_at`. The service still sets it, so that replicas of an older version, which
    may run at the same time, do not publish the event again.
    """

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
    announced_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=func.now())

    threat: Mapped[Threat] = relationship(lazy="raise", innerjoin=True)
    changes: Mapped[list["AlertChange"]] = relationship(lazy="raise", order_by="AlertChange.time")
    notifications: Mapped[list["Notification"]] = relationship(
        lazy="raise", order_by="(Notification.created_at, Notification.id)"
    )


class AlertChange(Base):
    """A change of an alert's state with its author and time; no author when the continuing threat reopened
    it.
    """

    __tablename__ = "alert_changes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"), index=True)
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    changed_by: Mapped[UUID | None]
    note: Mapped[str | None] = mapped_column(String(1000))
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())


class Notification(Base):
    """A message about an alert; the table keeps it until it is sent or too old.

    `recipient` is the address of an e-mail, empty for the webhook, whose address is a secret.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        _one_of("channel", Channel),
        _one_of("state", NotificationState),
        Index("ix_notifications_due", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(320))
    state: Mapped[str] = mapped_column(String(16), default=NotificationState.PENDING.value)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    next_attempt_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )
    last_attempt_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(String(200))

    alert: Mapped[Alert] = relationship(lazy="raise", innerjoin=True, viewonly=True)


OUTBOX = add_outbox_table(Base.metadata)
