"""The position of a reading, so that it can continue by values instead of by row numbers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True


def upgrade() -> None:
    op.add_column("sync_entity_sets", sa.Column("read_up_to", JSONB()))


def downgrade() -> None:
    op.drop_column("sync_entity_sets", "read_up_to")
