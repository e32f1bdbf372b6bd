"""Tables of 1c-integration."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, MetaData, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from assistants_common.database import NAMING_CONVENTION
from assistants_common.outbox import add_outbox_table

_ALL = 100
_STATES = "status IN ('queued', 'running', 'completed', 'failed', 'cancelled')"


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


add_outbox_table(Base.metadata)


class SyncJob(Base):
    """An order to copy entity sets. The process that works on it holds a lease, renewed with every page."""

    __tablename__ = "sync_jobs"
    __table_args__ = (
        CheckConstraint(_STATES, name="status"),
        Index("ix_sync_jobs_open", "created_at", postgresql_where=text("status IN ('queued', 'running')")),
        Index("ix_sync_jobs_requested_by", "requested_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    requested_by: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED.value)
    documents_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    full: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    request_id: Mapped[str | None] = mapped_column(String(128))
    """Of the request that ordered it: what is done for the order is logged under it."""

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    entity_sets: Mapped[list["SyncEntitySet"]] = relationship(
        order_by="SyncEntitySet.position", lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def percent(self) -> int | None:
        """The progress in percent, the mean over all entity sets; None when one of them is unknown."""
        if self.status == Status.COMPLETED.value:
            return _ALL
        known = [item.percent for item in self.entity_sets if item.percent is not None]
        return sum(known) // len(known) if known and len(known) == len(self.entity_sets) else None

    @property
    def rows_read(self) -> int:
        return sum(item.rows_read for item in self.entity_sets)

    @property
    def rows_stored(self) -> int:
        return sum(item.rows_stored for item in self.entity_sets)

    @property
    def pages(self) -> int:
        return sum(item.pages for item in self.entity_sets)

    @property
    def errors(self) -> dict[str, str]:
        return {item.entity_set: item.error for item in self.entity_sets if item.error}

    @property
    def error(self) -> str | None:
        return " ".join(f"{name}: {error}" for name, error in self.errors.items()) or None


class SyncEntitySet(Base):
    """How far a job is with one entity set."""

    __tablename__ = "sync_entity_sets"
    __table_args__ = (
        CheckConstraint(_STATES, name="status"),
        Index("ix_sync_entity_sets_entity_set_finished_at", "entity_set", "finished_at"),
    )

    job_id: Mapped[UUID] = mapped_column(ForeignKey("sync_jobs.id", ondelete="CASCADE"), primary_key=True)
    entity_set: Mapped[str] = mapped_column(String(255), primary_key=True)
    position: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), default=Status.QUEUED.value)
    rows_read: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    rows_total: Mapped[int | None]
    rows_stored: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    rows_missing: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    pages: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)
    read_up_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """See `paging.Position`; None when nothing was read yet."""

    @property
    def percent(self) -> int | None:
        if self.status == Status.COMPLETED.value:
            return _ALL
        if self.started_at is None:
            return 0
        if self.rows_total is None:
            return None
        return min(self.rows_read * _ALL // max(self.rows_total, 1), _ALL - 1)


class OneCRecord(Base):
    """A row of 1C as it was when it was last read."""

    __tablename__ = "onec_records"

    entity_set: Mapped[str] = mapped_column(String(255), primary_key=True)
    ref_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    data_version: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    synced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    """When 1C was last seen to have the row as it is here."""

    missing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When 1C stopped showing the row: it was erased, or the 1C user may not see it."""
