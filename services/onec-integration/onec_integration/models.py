"""Tables of 1c-integration."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, MetaData, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from assistants_common.database import NAMING_CONVENTION

_STATES = "status IN ('queued', 'running', 'completed', 'failed')"


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


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
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    entity_sets: Mapped[list["SyncEntitySet"]] = relationship(
        order_by="SyncEntitySet.position", lazy="selectin", cascade="all, delete-orphan"
    )


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
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(Text)


class OneCRecord(Base):
    """A row of 1C as it was when it was last read."""

    __tablename__ = "onec_records"

    entity_set: Mapped[str] = mapped_column(String(255), primary_key=True)
    ref_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    data_version: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    synced_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
