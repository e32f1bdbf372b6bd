"""The audit log as a chain: every entry holds the hash of the one before."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from security.audit_logger import audit_logger
from security.canonical import GENESIS_HASH, entry_hash
from security.models import AuditEntry, Outcome
from security.schemas import AuditRecord

_BATCH = 500
_BEFORE_ALL = -(2**63)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('audit_log', 0))")


@dataclass(frozen=True)
class Verification:
    """`entries` counts those that were looked at, the bad one included."""

    valid: bool
    entries: int
    first_bad_sequence: int | None


async def append(session: AsyncSession, actor: UUID, record: AuditRecord) -> AuditEntry:
    """Add an entry. The lock is held until the commit, so each writer sees the entry of the one before."""
    await session.execute(_LOCK)
    sequence, previous_hash = await _head(session)
    entry = AuditEntry(
        sequence=sequence + 1,
        previous_hash=previous_hash,
        time=await _now(session),
        actor=actor,
        action=record.action,
        resource=record.resource,
        outcome=record.outcome.value,
        details=record.details,
    )
    entry.hash = entry_hash(entry)
    session.add(entry)
    await session.commit()
    _log(entry)
    return entry


async def _head(session: AsyncSession) -> tuple[int, str]:
    statement = select(AuditEntry.sequence, AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1)
    row = (await session.execute(statement)).one_or_none()
    return (row.sequence, row.hash) if row else (0, GENESIS_HASH)


async def _now(session: AsyncSession) -> datetime:
    """The time of the database, which all replicas share; under the lock it follows the chain's order."""
    now = func.clock_timestamp(type_=DateTime(timezone=True))
    return (await session.scalars(select(now))).one()


def _log(entry: AuditEntry) -> None:
    """A copy outside the database: it shows when the newest entries have been cut off."""
    audit_logger.log(
        logging.INFO if entry.outcome == Outcome.SUCCESS else logging.WARNING,
        "audit entry",
        extra={
            "sequence": entry.sequence,
            "hash": entry.hash,
            "actor": str(entry.actor),
            "action": entry.action,
            "resource": entry.resource,
            "outcome": entry.outcome,
        },
    )


async def verify(session: AsyncSession, batch_size: int = _BATCH) -> Verification:
    """Walk the chain from its start to the first entry that does not fit."""
    entries, previous_hash = 0, GENESIS_HASH
    batch = await _batch(session, _BEFORE_ALL, batch_size)
    while batch:
        for entry in batch:
            entries += 1
            if not _fits(entry, entries, previous_hash):
                first_bad = min(entry.sequence, entries)
                audit_logger.critical("the audit log was tampered with", extra={"sequence": first_bad})
                return Verification(valid=False, entries=entries, first_bad_sequence=first_bad)
            previous_hash = entry.hash
        batch = await _batch(session, entries, batch_size)
    audit_logger.info("the audit log was verified", extra={"entries": entries})
    return Verification(valid=True, entries=entries, first_bad_sequence=None)


async def _batch(session: AsyncSession, after: int, size: int) -> Sequence[AuditEntry]:
    statement = select(AuditEntry).where(AuditEntry.sequence > after).order_by(AuditEntry.sequence)
    found = (await session.scalars(statement.limit(size))).all()
    session.expunge_all()
    return found


def _fits(entry: AuditEntry, sequence: int, previous_hash: str) -> bool:
    if entry.sequence != sequence or entry.previous_hash != previous_hash:
        return False
    try:
        return entry.hash == entry_hash(entry)
    except ValueError:  # the details are not what could ever have been written
        return False
