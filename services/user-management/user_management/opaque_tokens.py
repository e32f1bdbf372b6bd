"""Tokens that mean nothing by themselves: 256 random bits, of which the database has the hash only."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe

PATTERN = r"^[A-Za-z0-9_-]{43}$"


def new_token() -> str:
    return token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is stored. A plain hash is enough: 256 random bits cannot be tried out."""
    return sha256(token.encode()).digest()


def derive(token: str, salt: bytes) -> str:
    """A token that can be computed again by a program that has both the old one and the salt."""
    return urlsafe_b64encode(hmac.digest(token.encode(), salt, "sha256")).rstrip(b"=").decode()
