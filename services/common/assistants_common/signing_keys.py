"""Private keys that sign tokens, and public keys that verify them, as PEM and JWK."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError, PyJWKError

type PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey
type PublicKey = RSAPublicKey | EllipticCurvePublicKey

_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_THUMBPRINT_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
_MINIMUM_RSA_BITS = 2048


@dataclass(frozen=True)
class SigningKey:
    key_id: str
    private_key: PrivateKey
    public_key: PublicKey
    jwk: dict[str, Any]
    """The public key, as it is published."""


def load_signing_keys(pem: str, algorithm: str) -> Sequence[SigningKey]:
    """The keys of a PEM text in its order; ValueError unless every one fits the algorithm."""
    blocks = [match.group(0) for match in _PEM.finditer(pem)]
    if not blocks:
        raise ValueError("no private key in PEM format")
    return [_signing_key(block, algorithm) for block in blocks]


def _signing_key(block: str, algorithm: str) -> SigningKey:
    try:
        private_key = load_pem_private_key(block.encode(), password=None)
    except (TypeError, ValueError) as error:
        raise ValueError("a private key cannot be read") from error
    if not isinstance(private_key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise ValueError("a private key is neither RSA nor EC")  # noqa: TRY004 - settings report ValueError
    public_key = private_key.public_key()
    require_fit(public_key, algorithm)
    jwk = _jwk(public_key)
    key_id = _thumbprint(jwk)
    return SigningKey(key_id, private_key, public_key, {**jwk, "kid": key_id, "use": "sig", "alg": algorithm})


def require_fit(key: object, algorithm: str) -> None:
    """Raise ValueError unless the public key is of the algorithm's kind and strong enough."""
    if algorithm == "RS256":
        if not isinstance(key, RSAPublicKey) or key.key_size < _MINIMUM_RSA_BITS:
            raise ValueError(f"RS256 needs RSA keys of at least {_MINIMUM_RSA_BITS} bits")
    elif not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("ES256 needs EC keys on the curve P-256")


def parse_key_set(document: object, algorithm: str) -> dict[str, PublicKey]:
    """The keys of a JWK set that fit the algorithm, by their id; ignores all other keys."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWK set")  # noqa: TRY004 - what was read has the wrong form
    keys: dict[str, PublicKey] = {}
    for entry in entries:
        found = _verification_key(entry, algorithm)
        if found is not None:
            keys[entry["kid"]] = found
    return keys


def _verification_key(entry: object, algorithm: str) -> PublicKey | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        key: Any = PyJWK.from_dict(entry, algorithm).key
        require_fit(key, algorithm)
    except (InvalidKeyError, PyJWKError, ValueError):
        return None
    public_key: PublicKey = key
    return public_key


def _jwk(key: PublicKey) -> dict[str, Any]:
    if isinstance(key, RSAPublicKey):
        entry: dict[str, Any] = dict(RSAAlgorithm.to_jwk(key, as_dict=True))
    else:
        entry = dict(ECAlgorithm.to_jwk(key, as_dict=True))
    return {name: entry[name] for name in _THUMBPRINT_MEMBERS[entry["kty"]]}


def _thumbprint(jwk: dict[str, Any]) -> str:
    """The key id: a hash of the public key (RFC 7638), the same in every replica."""
    members = dumps({name: jwk[name] for name in sorted(jwk)}, separators=(",", ":"))
    return urlsafe_b64encode(sha256(members.encode()).digest()).rstrip(b"=").decode()
