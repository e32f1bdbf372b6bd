"""The one way in which an audit entry is written down to be hashed."""

import json
from datetime import UTC
from hashlib import sha256

from security.models import AuditEntry

GENESIS_HASH = "0" * 64


def canonical_json(document: object) -> bytes:
    """UTF-8, keys sorted, no white space; ValueError for what is not strictly JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def entry_hash(entry: AuditEntry) -> str:
    """The SHA-256 of everything in the entry but the hash itself, in hexadecimal."""
    document = {
        "sequence": entry.sequence,
        "previous_hash": entry.previous_hash,
        "time": entry.time.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(entry.actor),
        "action": entry.action,
        "resource": entry.resource,
        "outcome": entry.outcome,
        "details": entry.details,
    }
    return sha256(canonical_json(document)).hexdigest()
