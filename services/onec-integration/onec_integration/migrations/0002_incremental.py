"""Incremental synchronization, cancelled jobs, and the outbox of events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistants_common.outbox import create_outbox_table, drop_outbox_table

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True

_JOBS, _ENTITY_SETS = "sync_jobs", "sync_entity_sets"
_OLD_STATES = "status IN ('queued', 'running', 'completed', 'failed')"
_STATES = "status IN ('queued', 'running', 'completed', 'failed', 'cancelled')"
_COUNTERS = ("rows_stored", "rows_missing", "pages")


def upgrade() -> None:
    for table in (_JOBS, _ENTITY_SETS):
        _replace_states(table, _STATES)
    op.add_column(_JOBS, sa.Column("full", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column(_JOBS, sa.Column("request_id", sa.String(128)))
    for name in _COUNTERS:
        column = sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column(_ENTITY_SETS, column)
    op.add_column("onec_records", sa.Column("missing_since", sa.DateTime(timezone=True)))
    create_outbox_table()


def downgrade() -> None:
    drop_outbox_table()
    op.drop_column("onec_records", "missing_since")
    for name in _COUNTERS:
        op.drop_column(_ENTITY_SETS, name)
    op.drop_column(_JOBS, "request_id")
    op.drop_column(_JOBS, "full")
    for table in (_JOBS, _ENTITY_SETS):
        op.execute(sa.text(f"UPDATE {table} SET status = 'failed' WHERE status = 'cancelled'"))  # noqa: S608
        _replace_states(table, _OLD_STATES)


def _replace_states(table: str, states: str) -> None:
    """These tables are small, so that checking their rows locks them for a moment only."""
    name = f"ck_{table}_status"
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, states)
