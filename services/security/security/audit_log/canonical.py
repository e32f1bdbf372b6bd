"""An audit entry, and its canonical form for the hash."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

GENESIS_HASH = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A link of the chain. `actor` is empty when the user is unknown, as with a failed login.

    `source` is "api" for an entry that a caller wrote, else the service that sent it.
    """

    sequence: int
    time: datetime
    actor: UUID | None
    action: str
    resource: str
    outcome: str
    details: dict[str, Any] | None
    previous_hash: str
    source: str | None = None
    event_id: UUID | None = None
    hash: str = ""


def sealed(entry: Entry) -> Entry:
    """The entry with its hash."""
    return replace(entry, hash=entry_hash(entry))


def canonical_json(document: object) -> bytes:
    """JSON in UTF-8 with sorted keys and no white space; ValueError unless the document is strict JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def utc_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def entry_hash(entry: Entry) -> str:
    """The SHA-256 of everything in the entry but the hash itself, in hexadecimal.

    The hash includes source and event only when they are set, because the first entries did not have them.
    """
    document = {
        "sequence": entry.sequence,
        "previous_hash": entry.previous_hash,
        "time": utc_text(entry.time),
        "actor": str(entry.actor) if entry.actor else None,
        "action": entry.action,
        "resource": entry.resource,
        "outcome": entry.outcome,
        "details": entry.details,
    }
    if entry.source is not None:
        document["source"] = entry.source
    if entry.event_id is not None:
        document["event_id"] = str(entry.event_id)
    return sha256(canonical_json(document)).hexdigest()
