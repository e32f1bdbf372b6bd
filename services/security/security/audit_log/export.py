"""The audit log as a file, one JSON document a line; auditors can verify it without the database.

The entries come first, each with its checkpoint. The last line has their number and a signature, which
reveals a truncated file.
"""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from security.audit_log.canonical import Entry, utc_text
from security.audit_log.keys import AuditKeys, Checkpoint
from security.audit_log.links import BEFORE_ALL, Ends, Link, find_ends, read_links
from security.audit_log.verification import Fault, Verification, Walker

MEDIA_TYPE = "application/x-ndjson"
INCOMPLETE = "the file ends before its last line"
UNREADABLE = "the line is not one of an export"
COUNT_WRONG = "the last line does not fit the entries"
_PURPOSE = "export"


class End(BaseModel):
    """The last line."""

    entries: int
    checkpoint: Checkpoint


class _Line(BaseModel):
    entry: Entry | None = None
    checkpoint: Checkpoint | None = None
    end: End | None = None


async def export_lines(
    session: AsyncSession, keys: AuditKeys, from_sequence: int = 1
) -> AsyncIterator[bytes]:
    """The entries at the start of the export, in batches of lines."""
    ends = await find_ends(session)
    count, last_hash = 0, ""
    after = from_sequence - 1 if from_sequence > 1 else BEFORE_ALL
    async for links in read_links(session, after, ends.entries):
        count, last_hash = count + len(links), links[-1].entry.hash
        yield b"".join(_line(_document(link)) for link in links)
    yield _line({"end": {"entries": count, "checkpoint": asdict(keys.sign(count, last_hash, _PURPOSE))}})


def _document(link: Link) -> dict[str, Any]:
    entry = vars(link.entry) | {"time": utc_text(link.entry.time)}
    for name in ("actor", "event_id"):
        entry[name] = str(entry[name]) if entry[name] else None
    return {"entry": entry, "checkpoint": asdict(link.checkpoint) if link.checkpoint else None}


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def verify_lines(lines: Iterable[bytes], keys: AuditKeys) -> Verification:
    """Follow the chain in an exported file, from its first entry, whichever it is."""
    walker, end = Walker(keys), None
    for line in lines:
        document = _parsed(line)
        if document is None or end is not None:
            walker.fault = Fault(walker.next_sequence, UNREADABLE)
        elif isinstance(document, End):
            end = document
        else:
            _follow(walker, document)
        if walker.fault is not None:
            break
    else:
        _finish(walker, keys, end)
    return walker.verification()


def _parsed(line: bytes) -> Link | End | None:
    """The content of a line; None when the line is not of an export."""
    try:
        document = _Line.model_validate_json(line)
    except ValidationError:
        return None
    if document.entry is not None and document.end is None:
        return Link(document.entry, document.checkpoint)
    return document.end if document.entry is None else None


def _follow(walker: Walker, link: Link) -> None:
    if walker.entries == 0 and link.entry.sequence > 1:
        walker.start_anywhere(link.entry.sequence)
    walker.follow([link])


def _finish(walker: Walker, keys: AuditKeys, end: End | None) -> None:
    if end is None:
        walker.fault = Fault(walker.next_sequence, INCOMPLETE)
        return
    stated = (end.entries, end.checkpoint.sequence, end.checkpoint.hash)
    last_hash = walker.last_hash if walker.entries else ""
    signed = not keys or keys.accepts(end.checkpoint, _PURPOSE)
    if stated != (walker.entries, walker.entries, last_hash) or not signed:
        walker.fault = Fault(walker.next_sequence, COUNT_WRONG)
    else:
        walker.finish(Ends(0, 0))
