"""Events in the transaction they belong to, and the fallback in the use of tokens."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistants_common.outbox import create_outbox_table, drop_outbox_table

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True


def upgrade() -> None:
    create_outbox_table()
    op.add_column("token_usage", sa.Column("fallback_for", sa.String(100)))


def downgrade() -> None:
    op.drop_column("token_usage", "fallback_for")
    drop_outbox_table()
