"""The audit log as a chain: every entry holds the hash of the one before, and each gets a signed checkpoint.

The hashes show which entry was changed. The signatures show it even when all later hashes were recomputed,
because the signing key is not in the database. The anchor outside the database shows that entries were
deleted from the end together with their checkpoints.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy import DateTime, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from security.audit_log.anchor import Anchor, Sighting
from security.audit_log.canonical import GENESIS_HASH, Entry, sealed
from security.audit_log.keys import AuditKeys, Checkpoint
from security.audit_log.links import link_of, select_links
from security.audit_log.logger import audit_logger
from security.models import AuditRow, CheckpointRow, Outcome

UNSEALED = Gauge("audit_log_unsealed", "1 when the end of the audit log is not what was signed, else 0.")
SEALED = "audit.sealed"
OWN_SOURCE = "security"
API_SOURCE = "api"
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('audit_log', 0))")
_NOW = func.clock_timestamp(type_=DateTime(timezone=True))


@dataclass(frozen=True)
class Draft:
    """An entry without a place in the chain yet."""

    actor: UUID | None
    action: str
    resource: str
    outcome: Outcome
    details: dict[str, Any] | None
    source: str
    event_id: UUID | None = None


@dataclass(frozen=True)
class Appended:
    """An entry with its checkpoint; without one while the end of the log differs from the signed end."""

    entry: Entry
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class _Head:
    """The last entry, and the last entry with a checkpoint."""

    sequence: int
    hash: str
    checkpoint: Checkpoint | None
    signed_up_to: int


class AuditChain:
    """Writes the chain. An entry is part of the caller's transaction: append, commit, `committed`."""

    def __init__(self, keys: AuditKeys, anchor: Anchor) -> None:
        self.keys = keys
        self.anchor = anchor

    async def append(self, session: AsyncSession, draft: Draft) -> Appended:
        """Add an entry. Holds the lock until the commit, so that each writer sees the previous entry."""
        sighting = await self.anchor.look()
        await session.execute(_LOCK)
        return await self._add(session, draft, sighting)

    async def append_once(self, session: AsyncSession, draft: Draft) -> Appended | None:
        """Add the entry of an event; None when the log has it already."""
        sighting = await self.anchor.look()
        await session.execute(_LOCK)
        of_event = select(AuditRow.sequence).where(AuditRow.event_id == draft.event_id)
        if await session.scalar(of_event) is not None:
            return None
        return await self._add(session, draft, sighting)

    async def _add(self, session: AsyncSession, draft: Draft, sighting: Sighting) -> Appended:
        """Add an entry. Does not sign after an unexpected end, which would make a forged end look genuine."""
        head = await _head(session)
        trusted = await self._is_trusted(session, head, sighting)
        UNSEALED.set(not trusted)
        if not trusted:
            audit_logger.critical("the end of the audit log is not sealed", extra={"sequence": head.sequence})
        # No new entry may reuse a number that has a checkpoint.
        sequence = max(head.sequence, head.signed_up_to) + 1
        return await self._insert(session, draft, head, sequence, sign=trusted)

    async def seal(self, session: AsyncSession, reason: str) -> Appended:
        """Add an entry that accepts an end with missing or unsigned entries, or with signatures of a retired
        key.

        Its number is above every known checkpoint, so every process accepts it.
        """
        anchor = (await self.anchor.look()).checkpoint
        await session.execute(_LOCK)
        head = await _head(session)
        sequence = max(head.sequence, head.signed_up_to, anchor.sequence if anchor else 0) + 1
        details = {"reason": reason, "last_sequence": head.sequence, "missing": sequence - head.sequence - 1}
        draft = Draft(None, SEALED, "audit", Outcome.SUCCESS, details, OWN_SOURCE)
        return await self._insert(session, draft, head, sequence, sign=True)

    async def committed(self, appended: Appended) -> None:
        """Move the anchor to an entry after its commit."""
        _log(appended.entry)
        if appended.checkpoint is not None:
            await self.anchor.advance(appended.checkpoint)

    async def sealed(self, appended: Appended) -> None:
        """Set the anchor to a committed seal, wherever the anchor was."""
        _log(appended.entry)
        if appended.checkpoint is not None:
            await self.anchor.replace(appended.checkpoint)

    async def _insert(
        self, session: AsyncSession, draft: Draft, head: _Head, sequence: int, *, sign: bool
    ) -> Appended:
        time = (await session.scalars(select(_NOW))).one()
        entry = sealed(_entry(draft, sequence, head.hash, time))
        await session.execute(insert(AuditRow).values(**asdict(entry)))
        checkpoint = self.keys.sign(entry.sequence, entry.hash) if sign else None
        if checkpoint is not None:
            await session.execute(insert(CheckpointRow).values(**asdict(checkpoint)))
        return Appended(entry, checkpoint)

    async def _begin(self, sighting: Sighting) -> bool:
        """Set an anchor before the first entry, so that a log without an anchor must have lost it."""
        if sighting.checkpoint is None:
            await self.anchor.advance(self.keys.sign(0, GENESIS_HASH))
        return True

    async def _is_trusted(self, session: AsyncSession, head: _Head, sighting: Sighting) -> bool:
        if sighting.is_lost:
            # The caller looked before the lock; the previous holder of the lock may have begun the log.
            sighting = await self.anchor.look()
        if await contradicts(session, sighting.checkpoint):
            return False
        if head.sequence == 0:
            return head.signed_up_to == 0 and await self._begin(sighting)
        if sighting.is_lost:
            return False
        checkpoint = head.checkpoint
        return (
            checkpoint is not None
            and (head.signed_up_to, checkpoint.hash) == (head.sequence, head.hash)
            and self.keys.accepts(checkpoint)
        )


async def contradicts(session: AsyncSession, anchor: Checkpoint | None) -> bool:
    """Whether the log has lost the anchor's entry."""
    return anchor is not None and anchor.sequence > 0 and not await _contains(session, anchor)


async def _contains(session: AsyncSession, checkpoint: Checkpoint) -> bool:
    statement = select(AuditRow.hash).where(AuditRow.sequence == checkpoint.sequence)
    return await session.scalar(statement) == checkpoint.hash


async def _head(session: AsyncSession) -> _Head:
    last = select(func.coalesce(func.max(CheckpointRow.sequence), 0)).scalar_subquery()
    newest = select_links().add_columns(last.label("signed_up_to")).order_by(AuditRow.sequence.desc())
    row = (await session.execute(newest.limit(1))).one_or_none()
    if row is None:
        return _Head(0, GENESIS_HASH, None, (await session.scalars(select(last))).one())
    link = link_of(row)
    return _Head(link.entry.sequence, link.entry.hash, link.checkpoint, row.signed_up_to)


def _entry(draft: Draft, sequence: int, previous_hash: str, time: datetime) -> Entry:
    """The entry. `time` is the database's, shared by all replicas; under the lock it follows the chain."""
    return Entry(
        sequence=sequence,
        previous_hash=previous_hash,
        time=time,
        actor=draft.actor,
        action=draft.action,
        resource=draft.resource,
        outcome=draft.outcome.value,
        details=draft.details,
        source=draft.source,
        event_id=draft.event_id,
    )


def _log(entry: Entry) -> None:
    """Log a copy outside the database, which shows when the newest entries have been cut off."""
    audit_logger.log(
        logging.INFO if entry.outcome == Outcome.SUCCESS else logging.WARNING,
        "audit entry",
        extra={
            "sequence": entry.sequence,
            "hash": entry.hash,
            "actor": str(entry.actor) if entry.actor else None,
            "action": entry.action,
            "resource": entry.resource,
            "outcome": entry.outcome,
        },
    )
