"""An index to find old conversations; alone in its revision, because it is built outside a transaction."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None
backward_compatible: bool = True

_INDEX = "ix_conversations_updated_at"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Concurrently, because the previous release still writes. An interrupted attempt leaves an invalid
        # index.
        op.drop_index(_INDEX, "conversations", if_exists=True, postgresql_concurrently=True)
        op.create_index(_INDEX, "conversations", ["updated_at"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index(_INDEX, "conversations")
