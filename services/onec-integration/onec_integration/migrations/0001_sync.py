"""Synchronization jobs and the rows they copy."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True

_STATES = "status IN ('queued', 'running', 'completed', 'failed')"


def upgrade() -> None:
    _create_jobs()
    _create_entity_sets()
    op.create_table(
        "onec_records",
        sa.Column("entity_set", sa.String(255), nullable=False),
        sa.Column("ref_key", sa.String(64), nullable=False),
        sa.Column("data_version", sa.String(64)),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("entity_set", "ref_key", name="pk_onec_records"),
    )


def _create_jobs() -> None:
    op.create_table(
        "sync_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("documents_since", sa.DateTime(timezone=False)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("lease_token", sa.Uuid()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint(_STATES, name="ck_sync_jobs_status"),
        sa.PrimaryKeyConstraint("id", name="pk_sync_jobs"),
    )
    op.create_index(
        "ix_sync_jobs_open",
        "sync_jobs",
        ["created_at"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index("ix_sync_jobs_requested_by", "sync_jobs", ["requested_by"])


def _create_entity_sets() -> None:
    op.create_table(
        "sync_entity_sets",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("entity_set", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("rows_total", sa.Integer()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint(_STATES, name="ck_sync_entity_sets_status"),
        sa.PrimaryKeyConstraint("job_id", "entity_set", name="pk_sync_entity_sets"),
        sa.ForeignKeyConstraint(
            ["job_id"], ["sync_jobs.id"], ondelete="CASCADE", name="fk_sync_entity_sets_job_id_sync_jobs"
        ),
    )
    op.create_index(
        "ix_sync_entity_sets_entity_set_finished_at", "sync_entity_sets", ["entity_set", "finished_at"]
    )


def downgrade() -> None:
    op.drop_table("onec_records")
    op.drop_table("sync_entity_sets")
    op.drop_table("sync_jobs")
