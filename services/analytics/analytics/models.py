"""Tables of analytics."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Index, MetaData, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assistants_common.database import NAMING_CONVENTION


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class EventSeen(Base):
    """An event of the platform, stored once however often it is delivered.

    Reports count these rows, so one statement both stores an event and counts it on the day it happened.
    """

    __tablename__ = "events_seen"
    __table_args__ = (Index(None, "type", "time"), Index(None, "time"), Index(None, "user_id", "time"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_id: Mapped[UUID | None] = mapped_column()
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Report(Base):
    """A report as of its creation. Its rows load only on request.

    `columns` is empty in reports of the first release, whose columns follow from their rows.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("kind IN ('usage', 'cost', 'sync', 'security')", name="kind"),
        CheckConstraint("period_from <= period_to", name="period"),
        Index(None, "created_by", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(16))
    period_from: Mapped[date] = mapped_column()
    period_to: Mapped[date] = mapped_column()
    grouping: Mapped[str] = mapped_column(String(8), server_default="day")
    user_id: Mapped[UUID | None] = mapped_column()
    title: Mapped[str | None] = mapped_column(String(120))
    format: Mapped[str] = mapped_column(String(8), server_default="json")
    language: Mapped[str] = mapped_column(String(2), server_default="en")
    columns: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, deferred=True, deferred_raiseload=True)
    totals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    row_count: Mapped[int] = mapped_column(server_default="0")
    created_by: Mapped[UUID] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
