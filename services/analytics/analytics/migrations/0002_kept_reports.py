"""Reports that can be fetched again, and indexes for retention and for the figures of one user.

The revision adds only columns with constant defaults, which rewrites no table. It builds the indexes with a
lock: only the event consumer waits for that, without losing events.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True

_EMPTY_LIST = sa.text("'[]'::jsonb")


def upgrade() -> None:
    for column in (
        sa.Column("grouping", sa.String(8), nullable=False, server_default="day"),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("title", sa.String(120)),
        sa.Column("format", sa.String(8), nullable=False, server_default="json"),
        sa.Column("language", sa.String(2), nullable=False, server_default="en"),
        sa.Column("columns", JSONB(), nullable=False, server_default=_EMPTY_LIST),
        sa.Column("notes", JSONB(), nullable=False, server_default=_EMPTY_LIST),
        sa.Column("row_count", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("reports", column)
    op.execute("UPDATE reports SET row_count = jsonb_array_length(rows)")
    op.create_index("ix_reports_created_at", "reports", ["created_at"])
    op.create_index("ix_events_seen_time", "events_seen", ["time"])
    op.create_index("ix_events_seen_user_id_time", "events_seen", ["user_id", "time"])


def downgrade() -> None:
    op.drop_index("ix_events_seen_user_id_time", "events_seen")
    op.drop_index("ix_events_seen_time", "events_seen")
    op.drop_index("ix_reports_created_at", "reports")
    names = ("row_count", "notes", "columns", "language", "format", "title", "user_id", "grouping")
    for name in names:
        op.drop_column("reports", name)
