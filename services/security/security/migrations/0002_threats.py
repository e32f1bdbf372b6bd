"""Signals, threats and alerts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True

_SEVERITIES = "severity IN ('low', 'medium', 'high', 'critical')"


def upgrade() -> None:
    _create_signals()
    _create_threats()
    _create_alerts()


def _create_signals() -> None:
    op.create_table(
        "signals",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "kind", name="pk_signals"),
    )
    op.create_index("ix_signals_kind_subject_time", "signals", ["kind", "subject", "time"])
    op.create_index("ix_signals_time", "signals", ["time"])


def _create_threats() -> None:
    op.create_table(
        "threats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint(_SEVERITIES, name="ck_threats_severity"),
        sa.PrimaryKeyConstraint("id", name="pk_threats"),
    )
    op.create_index("ix_threats_kind_subject_last_seen", "threats", ["kind", "subject", "last_seen"])
    op.create_index("ix_threats_last_seen", "threats", ["last_seen"])


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("threat_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("announced_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(_SEVERITIES, name="ck_alerts_severity"),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="ck_alerts_state"),
        sa.ForeignKeyConstraint(["threat_id"], ["threats.id"], name="fk_alerts_threat_id_threats"),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_threat_id", "alerts", ["threat_id"])
    op.create_index("ix_alerts_created_at", "alerts", ["created_at"])
    unannounced = sa.text("announced_at IS NULL")
    op.create_index("ix_alerts_unannounced", "alerts", ["created_at"], postgresql_where=unannounced)


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("threats")
    op.drop_table("signals")
