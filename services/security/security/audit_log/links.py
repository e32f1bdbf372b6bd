"""Reads the entries of the audit log, each with its checkpoint."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from security.audit_log.canonical import Entry
from security.audit_log.keys import Checkpoint
from security.models import AuditRow, CheckpointRow

BATCH = 1000
BEFORE_ALL = -(2**63)
_ENTRY_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True)
class Link:
    """An entry as the chain shows it."""

    entry: Entry
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class Ends:
    """The numbers of the last entry and the last checkpoint; 0 without any."""

    entries: int
    checkpoints: int


def select_links() -> Select[Any]:
    return select(
        *(getattr(AuditRow, name) for name in _ENTRY_FIELDS),
        CheckpointRow.hash.label("checkpoint_hash"),
        CheckpointRow.key_id,
        CheckpointRow.signature,
    ).outerjoin(CheckpointRow, CheckpointRow.sequence == AuditRow.sequence)


def link_of(row: Row[Any]) -> Link:
    entry = Entry(*row[: len(_ENTRY_FIELDS)])
    if row.signature is None:
        return Link(entry, None)
    return Link(entry, Checkpoint(entry.sequence, row.checkpoint_hash, row.key_id, row.signature))


async def find_ends(session: AsyncSession) -> Ends:
    """Both ends, from one statement, so that a concurrent entry counts for both or for neither."""
    last_entry = select(func.max(AuditRow.sequence)).scalar_subquery()
    last_checkpoint = select(func.max(CheckpointRow.sequence)).scalar_subquery()
    statement = select(func.coalesce(last_entry, 0), func.coalesce(last_checkpoint, 0))
    return Ends(*(await session.execute(statement)).one())


async def read_links(
    session: AsyncSession, after: int, last: int, batch_size: int = BATCH
) -> AsyncIterator[Sequence[Link]]:
    """The entries after one number up to another, in batches that limit the memory."""
    while True:
        wanted = select_links().where(AuditRow.sequence > after, AuditRow.sequence <= last)
        rows = (await session.execute(wanted.order_by(AuditRow.sequence).limit(batch_size))).all()
        if not rows:
            return
        yield [link_of(row) for row in rows]
        after = rows[-1].sequence
