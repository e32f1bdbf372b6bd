"""Tables of analytics."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Index, MetaData, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assistants_common.database import NAMING_CONVENTION


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class EventSeen(Base):
    """An event of the platform, stored once however often it is delivered."""

    __tablename__ = "events_seen"
    __table_args__ = (Index(None, "type", "time"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    source: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    user_id: Mapped[UUID | None] = mapped_column()
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Report(Base):
    """A report as it was when it was made."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("kind IN ('usage', 'cost', 'sync', 'security')", name="kind"),
        CheckConstraint("period_from <= period_to", name="period"),
        Index(None, "created_by", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(16))
    period_from: Mapped[date] = mapped_column()
    period_to: Mapped[date] = mapped_column()
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    totals: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[UUID] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
