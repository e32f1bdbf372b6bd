"""Verifies that the audit log, in the database or in a file, is unchanged."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from security.audit_log.anchor import Anchor, AnchorState, Sighting
from security.audit_log.canonical import GENESIS_HASH, Entry, entry_hash
from security.audit_log.chain import SEALED, contradicts
from security.audit_log.keys import AuditKeys, Checkpoint
from security.audit_log.links import (
    BATCH,
    BEFORE_ALL,
    Ends,
    Link,
    find_ends,
    link_of,
    read_links,
    select_links,
)
from security.audit_log.logger import audit_logger
from security.models import AuditRow

MISSING = "entries are missing, or this one is out of place"
CHANGED = "the entry is not what was hashed"
RESIGNED = "the entries since the last good checkpoint are not what was signed"
UNSIGNED = "the entry has no checkpoint"
UNKNOWN_KEY = "the checkpoint is signed with a key that is not in AUDIT_KEY"
CUT_OFF = "the newest entries are missing"
ANCHOR_LOST = "nothing outside the database says where the log ends: the anchor is missing or not ours"
ANCHOR_AWAY = "nothing outside the database says where the log ends: Redis does not answer"
ANCHOR_STUCK = "the anchor outside the database cannot be moved to the end of the log"


@dataclass(frozen=True)
class Fault:
    sequence: int
    reason: str


@dataclass(frozen=True)
class Verification:
    """`entries` counts the verified entries, including an invalid one.

    `started_after` is the checkpoint assumed to be valid at the start, `checkpoint` the newest one found
    valid. `next_sequence` is where to continue when the end was not reached. `anchor` is the newest entry
    known outside the database; it is compared at the end of the log only.
    """

    entries: int
    fault: Fault | None
    started_after: Checkpoint | None
    checkpoint: Checkpoint | None
    next_sequence: int | None = None
    anchor: Checkpoint | None = None


class Walker:
    """Follows the chain. Without keys it follows the hashes only.

    A missing checkpoint or a retired key is a fault unless a later entry, signed with a valid key, accepts it
    (a seal). A wrong hash or signature is never accepted.
    """

    def __init__(self, keys: AuditKeys, start: Checkpoint | None = None) -> None:
        self._keys = keys
        self._next = start.sequence + 1 if start else 1
        self._previous_hash: str | None = start.hash if start else GENESIS_HASH
        self._start = start
        self._doubt: Fault | None = None
        self._trusted = start
        self.entries = 0
        self.fault: Fault | None = None

    def start_anywhere(self, sequence: int) -> None:
        """Begin at an entry in the middle, and trust the entries before it."""
        self._next, self._previous_hash = sequence, None

    @property
    def next_sequence(self) -> int:
        return self._next

    @property
    def last_hash(self) -> str | None:
        return self._previous_hash

    def follow(self, links: Iterable[Link]) -> bool:
        """Check entries up to the first bad one; returns whether all were good."""
        for link in links:
            self.entries += 1
            self.fault = self._fault_of(link)
            if self.fault is not None:
                return False
            self._next, self._previous_hash = link.entry.sequence + 1, link.entry.hash
        return True

    def finish(self, ends: Ends) -> None:
        """Check the end of the log for missing entries, and for faults that no seal has accepted."""
        if self.fault is None and ends.checkpoints >= self._next:
            self.fault = Fault(self._next, CUT_OFF)
        self.fault = self.fault or self._doubt

    def verification(self, next_sequence: int | None = None) -> Verification:
        return Verification(self.entries, self.fault, self._start, self._trusted, next_sequence)

    def _fault_of(self, link: Link) -> Fault | None:
        entry = link.entry
        if not self._is_next(link):
            return Fault(min(entry.sequence, self._next), MISSING)
        if not _is_as_hashed(entry):
            return Fault(entry.sequence, CHANGED)
        return self._fault_of_checkpoint(link) if self._keys else None

    def _is_next(self, link: Link) -> bool:
        if self._previous_hash not in {None, link.entry.previous_hash}:
            return False
        return link.entry.sequence == self._next or (
            link.entry.sequence > self._next and link.entry.action == SEALED and self._is_signed(link)
        )

    def _is_signed(self, link: Link) -> bool:
        return signed_checkpoint(link, self._keys) is not None

    def _fault_of_checkpoint(self, link: Link) -> Fault | None:
        sequence, checkpoint = link.entry.sequence, link.checkpoint
        if checkpoint is None:
            self._doubt = self._doubt or Fault(sequence, UNSIGNED)
        elif not self._keys.knows(checkpoint):
            self._doubt = self._doubt or Fault(sequence, UNKNOWN_KEY)
        elif not self._is_signed(link):
            return self._doubt or Fault(sequence, RESIGNED)
        else:
            self._trusted = checkpoint
            if link.entry.action == SEALED:
                self._doubt = None
        return None


def signed_checkpoint(link: Link, keys: AuditKeys) -> Checkpoint | None:
    """The checkpoint of an entry, when it is valid."""
    checkpoint = link.checkpoint
    if checkpoint is None or checkpoint.hash != link.entry.hash or not keys.accepts(checkpoint):
        return None
    return checkpoint


def _is_as_hashed(entry: Entry) -> bool:
    try:
        return entry.hash == entry_hash(entry)
    except (ValueError, OverflowError):  # the entry is not what could ever have been written
        return False


async def verify(
    session: AsyncSession,
    keys: AuditKeys,
    anchor: Anchor,
    *,
    from_sequence: int = 1,
    limit: int | None = None,
    batch_size: int = BATCH,
) -> Verification:
    """Walk the log from its start, or from the last good checkpoint before `from_sequence`.

    A log is valid only when its end is confirmed outside the database.
    """
    # Before the query for the ends, so that a concurrent entry does not look cut off.
    earlier = await anchor.look()
    ends = await find_ends(session)
    start = await _start(session, keys, from_sequence)
    walker = Walker(keys, start)
    after = start.sequence if start else BEFORE_ALL
    last = ends.entries if limit is None else min(ends.entries, walker.next_sequence + limit - 1)
    async for links in read_links(session, after, last, batch_size):
        if not walker.follow(links):
            break
    if walker.fault is None and last < ends.entries:
        return _logged(walker.verification(next_sequence=last + 1))
    walker.finish(ends)
    if walker.fault is None and await contradicts(session, earlier.checkpoint):
        walker.fault = Fault(walker.next_sequence, CUT_OFF)
    found = walker.verification()
    if found.fault is None and ends.entries > 0:
        reason = await _complaint_of_anchor(anchor, earlier, found.checkpoint)
        found = replace(found, fault=Fault(walker.next_sequence, reason) if reason else None)
    return _logged(replace(found, anchor=anchor.known))


async def _complaint_of_anchor(anchor: Anchor, earlier: Sighting, newest: Checkpoint | None) -> str | None:
    """Why the end of the log is not confirmed outside the database.

    An anchor is older than the log when a process died or Redis was unreachable. The entries after it are
    signed, so the verification moves it now. An anchor that cannot be moved does not protect the log.
    """
    if earlier.checkpoint is None:
        return ANCHOR_AWAY if earlier.state is AnchorState.UNAVAILABLE else ANCHOR_LOST
    if newest is not None:
        await anchor.advance(newest)
    now = await anchor.look()
    return ANCHOR_STUCK if now.state not in {AnchorState.HELD, AnchorState.UNAVAILABLE} else None


async def _start(session: AsyncSession, keys: AuditKeys, from_sequence: int) -> Checkpoint | None:
    """The newest good checkpoint before an entry, if any."""
    if from_sequence <= 1:
        return None
    before = select_links().where(AuditRow.sequence < from_sequence).order_by(AuditRow.sequence.desc())
    rows = (await session.execute(before.limit(BATCH))).all()
    checkpoints = (signed_checkpoint(link_of(row), keys) for row in rows)
    return next((checkpoint for checkpoint in checkpoints if checkpoint), None)


def _logged(verification: Verification) -> Verification:
    fault = verification.fault
    if fault is not None:
        extra = {"sequence": fault.sequence, "reason": fault.reason}
        audit_logger.critical("the audit log was tampered with", extra=extra)
    else:
        audit_logger.info("the audit log was verified", extra={"entries": verification.entries})
    return verification
