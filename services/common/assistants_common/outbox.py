"""Records events in the transaction they belong to; a relay publishes them to the stream afterwards.

The relay, which `create_app(outbox=True)` runs, publishes an event if and only if its transaction was
committed. It publishes the event at least once, always under the same `Event.id`. A service without a
database uses EventPublisher.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.event import listens_for
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from assistants_common.context import request_id_var
from assistants_common.database import OUTBOX_WAKE
from assistants_common.events import Event

TABLE_NAME = "outbox"
_RECORDED = "outbox_recorded"
_PENDING = sa.text("published_at IS NULL")


def add_outbox_table(metadata: sa.MetaData) -> sa.Table:
    """Declare the table in a service's metadata, so that its models agree with its migrations."""
    table = sa.Table(TABLE_NAME, metadata, *_columns())
    sa.Index("ix_outbox_pending", table.c.position, postgresql_where=_PENDING)
    sa.Index("ix_outbox_published_at", table.c.published_at, table.c.position)
    return table


def create_outbox_table() -> None:
    """Create the table; for the `upgrade` of a revision."""
    from alembic import op  # noqa: PLC0415 - a server starts faster without Alembic

    op.create_table(TABLE_NAME, *_columns())
    op.create_index("ix_outbox_pending", TABLE_NAME, ["position"], postgresql_where=_PENDING)
    op.create_index("ix_outbox_published_at", TABLE_NAME, ["published_at", "position"])


def drop_outbox_table() -> None:
    """Drop the table; for the `downgrade` of a revision."""
    from alembic import op  # noqa: PLC0415 - a server starts faster without Alembic

    op.drop_table(TABLE_NAME)


def _columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("entry_id", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    ]


OUTBOX = add_outbox_table(sa.MetaData())
"""The table as the statements of this package see it, whatever metadata a service has."""


async def record_event(
    session: AsyncSession, source: str, type_: str, data: dict[str, Any], user_id: UUID | None = None
) -> Event:
    """Add an event to the session's transaction; the relay publishes it after the caller's commit."""
    event = Event(type=type_, source=source, user_id=user_id, request_id=request_id_var.get(), data=data)
    document = event.model_dump_json(exclude_none=True)
    await session.execute(sa.insert(OUTBOX).values(id=event.id, document=document))
    session.sync_session.info[_RECORDED] = True
    return event


@listens_for(Session, "after_commit")
def _wake_relay(session: Session) -> None:
    """Wake the relay before its next poll. The end of a savepoint is not a commit, so it does not wake the
    relay.
    """
    if session.in_nested_transaction() or not session.info.pop(_RECORDED, False):
        return
    wake = session.info.get(OUTBOX_WAKE)
    if wake is not None:
        wake.set()
