"""Opaque tokens: 256 random bits, of which the database has only the hash."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe

PATTERN = r"^[A-Za-z0-9_-]{43}$"


def new_token() -> str:
    return token_urlsafe(32)


def digest(token: str) -> bytes:
    """The stored hash of a token. A plain hash suffices, because 256 random bits cannot be guessed."""
    return sha256(token.encode()).digest()


def derive(token: str, salt: bytes) -> str:
    """A new token that the service can compute again from the old token and the salt."""
    return urlsafe_b64encode(hmac.digest(token.encode(), salt, "sha256")).rstrip(b"=").decode()
