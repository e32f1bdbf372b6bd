"""The keys that sign the checkpoints of the audit log.

AUDIT_KEY may hold several keys, one a line: the first signs and the service accepts all, so operators rotate
a key by adding the new one in front. Without AUDIT_KEY the service derives a key from JWT_SECRET_KEY by HKDF:
an installation with HS256 tokens has signed checkpoints from its first entry on, and the two uses share no
key material. A separate AUDIT_KEY is better: every service knows JWT_SECRET_KEY, and each rotation of it
needs another seal of the audit log.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MINIMUM_KEY_BYTES = 32
_SIGNING = b"audit log checkpoints, version 1"
_NAMING = b"audit log key id, version 1"


@dataclass(frozen=True)
class Checkpoint:
    """States that the log up to `sequence` ends with `hash`; `key_id` names the key without showing it."""

    sequence: int
    hash: str
    key_id: str
    signature: str


@dataclass(frozen=True, repr=False)
class _Key:
    id: str
    secret: bytes


class AuditKeys:
    """Signs with the first key and accepts all. Without keys it can neither sign nor verify."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [_Key(_derive(secret, _NAMING)[:8].hex(), _derive(secret, _SIGNING)) for secret in secrets]
        self._first = keys[0] if keys else None
        self._by_id = {key.id: key for key in keys}

    @classmethod
    def from_secrets(cls, audit_key: str, jwt_secret_key: str) -> Self:
        own = [line.strip() for line in audit_key.splitlines() if line.strip()]
        if any(len(line.encode()) < MINIMUM_KEY_BYTES for line in own):
            raise ValueError(f"every line of AUDIT_KEY must be at least {MINIMUM_KEY_BYTES} bytes long")
        return cls(own or [line.strip() for line in jwt_secret_key.splitlines() if line.strip()])

    def use(self, other: Self) -> None:
        """Sign and accept as `other` does from now on."""
        self._first, self._by_id = other._first, other._by_id

    def __bool__(self) -> bool:
        return self._first is not None

    def sign(self, sequence: int, hash_: str, purpose: str = "checkpoint") -> Checkpoint:
        if self._first is None:
            raise ValueError("there is no key to sign with")
        return Checkpoint(sequence, hash_, self._first.id, _signature(self._first, sequence, hash_, purpose))

    def knows(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.key_id in self._by_id

    def accepts(self, checkpoint: Checkpoint, purpose: str = "checkpoint") -> bool:
        """Whether one of the keys signed the checkpoint."""
        key = self._by_id.get(checkpoint.key_id)
        if key is None:
            return False
        expected = _signature(key, checkpoint.sequence, checkpoint.hash, purpose)
        return hmac.compare_digest(expected.encode(), checkpoint.signature.encode())


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def _signature(key: _Key, sequence: int, hash_: str, purpose: str) -> str:
    return hmac.new(key.secret, f"{purpose}\n{sequence}\n{hash_}".encode(), sha256).hexdigest()
