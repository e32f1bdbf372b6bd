"""The outbox, and a table for the effects of events."""

import sqlalchemy as sa
from alembic import op

from assistants_common.outbox import create_outbox_table, drop_outbox_table

revision: str = "0001"
down_revision: str | None = None
backward_compatible: bool = True


def upgrade() -> None:
    create_outbox_table()
    for table, key in (
        ("effects", sa.Column("event_id", sa.Uuid())),
        ("counters", sa.Column("name", sa.Text())),
    ):
        number = sa.Column("n", sa.Integer(), nullable=False)
        op.create_table(table, key, number, sa.PrimaryKeyConstraint(key.name))


def downgrade() -> None:
    op.drop_table("counters")
    op.drop_table("effects")
    drop_outbox_table()
