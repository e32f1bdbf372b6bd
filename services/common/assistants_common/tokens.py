"""JSON Web Tokens of the platform: issuing and verifying."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID, uuid4

import jwt

from assistants_common.key_set import RemoteKeySet
from assistants_common.settings import ServiceSettings, lines_of
from assistants_common.signing_keys import PrivateKey, PublicKey, SigningKey, load_signing_keys

SKEW_SECONDS = 30
_CLAIMS = ["iss", "aud", "sub", "role", "iat", "exp", "jti"]
_LONGEST_KEY_ID = 200


class Role(StrEnum):
    USER = "user"
    ANALYST = "analyst"
    ADMIN = "admin"


class InvalidTokenError(Exception):
    """The token is invalid or expired."""


@dataclass(frozen=True)
class Principal:
    """The caller of a request."""

    user_id: UUID
    role: Role
    token_id: str
    session_id: UUID | None = None
    """The login the token belongs to; it can be revoked as a whole."""
    issued_at: int = 0


@dataclass(frozen=True)
class IssuedToken:
    value: str
    expires_in: int


class _Keys(Protocol):
    """A source of keys. Only the settings decide the algorithm."""

    def signing(self) -> tuple[str | PrivateKey, dict[str, str]]:
        """The key to sign with, and the fields it adds to the token's header."""

    async def verifying(self, token: str) -> Sequence[str | PublicKey]:
        """The keys that may have signed the token, at least one."""

    def published(self) -> list[dict[str, Any]]: ...


class TokenService:
    """Issues and verifies tokens under the settings' key. The algorithm is never read from a token.

    HS256: all services share one secret. RS256, ES256: the service with the private key signs and publishes
    the public keys, which the others fetch. The first of several keys signs; services accept tokens of all of
    them.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._keys = _keys(settings)
        self._algorithm = settings.jwt_algorithm
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._lifetime = timedelta(minutes=settings.jwt_expire_minutes)

    def use(self, settings: ServiceSettings) -> None:
        """Use the keys of these settings from now on. A remote key set updates its public keys itself."""
        if not isinstance(self._keys, _OthersKeys):
            self._keys = _keys(settings)

    def issue(
        self,
        user_id: UUID,
        role: Role,
        lifetime: timedelta | None = None,
        session_id: UUID | None = None,
    ) -> IssuedToken:
        key, headers = self._keys.signing()
        now = datetime.now(UTC)
        duration = lifetime or self._lifetime
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "role": role.value,
            "iat": now,
            "exp": now + duration,
            "jti": uuid4().hex,
        }
        if session_id is not None:
            claims["sid"] = str(session_id)
        token = jwt.encode(claims, key, algorithm=self._algorithm, headers=headers)
        return IssuedToken(token, int(duration.total_seconds()))

    async def verify(self, token: str) -> Principal:
        """The caller named by the token; InvalidTokenError when the token is invalid.

        KeysUnavailableError when the service has never read the public keys.
        """
        try:
            return _principal(self._claims(token, await self._keys.verifying(token)))
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise InvalidTokenError(str(error)) from error

    def _claims(self, token: str, keys: Sequence[str | PublicKey]) -> Mapping[str, Any]:
        """The claims, verified with the first key that fits; raises the last key's error when none fits."""
        *others, last = keys
        for key in others:
            with suppress(jwt.InvalidSignatureError):
                return self._decode(token, key)
        return self._decode(token, last)

    def _decode(self, token: str, key: str | PublicKey) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[self._algorithm],
            issuer=self._issuer,
            audience=self._audience,
            leeway=SKEW_SECONDS,
            options={"require": _CLAIMS},
        )

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys for other services, as a JWK set; empty for HS256."""
        return {"keys": self._keys.published()}


def _principal(claims: Mapping[str, Any]) -> Principal:
    session = claims.get("sid")
    return Principal(
        UUID(claims["sub"]),
        Role(claims["role"]),
        str(claims["jti"]),
        UUID(session) if session is not None else None,
        int(claims["iat"]),
    )


def _keys(settings: ServiceSettings) -> _Keys:
    if settings.jwt_secret_key is not None and settings.jwt_algorithm == "HS256":
        return _SharedSecrets(lines_of(settings.jwt_secret_key))
    if settings.jwt_private_key is not None:
        pem = settings.jwt_private_key.get_secret_value()
        return _OwnKeys(load_signing_keys(pem, settings.jwt_algorithm))
    return _OthersKeys(RemoteKeySet(settings.jwt_jwks_url, settings.jwt_algorithm))


class _SharedSecrets:
    """The first secret signs; tokens of the others stay valid, for a rotation without a gap."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    def signing(self) -> tuple[str | PrivateKey, dict[str, str]]:
        return self._secrets[0], {}

    async def verifying(self, token: str) -> Sequence[str | PublicKey]:  # noqa: ARG002 - a token names none
        return self._secrets

    def published(self) -> list[dict[str, Any]]:
        return []


class _OwnKeys:
    """The first key signs; tokens of the others stay valid, for a rotation without a gap."""

    def __init__(self, keys: Sequence[SigningKey]) -> None:
        self._signing = keys[0]
        self._by_id = {key.key_id: key for key in keys}

    def signing(self) -> tuple[str | PrivateKey, dict[str, str]]:
        return self._signing.private_key, {"kid": self._signing.key_id}

    async def verifying(self, token: str) -> Sequence[str | PublicKey]:
        key = self._by_id.get(_key_id(token))
        if key is None:
            raise InvalidTokenError("the key is not known")
        return [key.public_key]

    def published(self) -> list[dict[str, Any]]:
        return [key.jwk for key in self._by_id.values()]


class _OthersKeys:
    def __init__(self, key_set: RemoteKeySet) -> None:
        self._key_set = key_set

    def signing(self) -> tuple[str | PrivateKey, dict[str, str]]:
        raise RuntimeError("JWT_PRIVATE_KEY is not set: this service cannot issue tokens")

    async def verifying(self, token: str) -> Sequence[str | PublicKey]:
        key = await self._key_set.find(_key_id(token))
        if key is None:
            raise InvalidTokenError("the key is not known")
        return [key]

    def published(self) -> list[dict[str, Any]]:
        return []


def _key_id(token: str) -> str:
    """The key id in the token's header. It is untrusted: only compare it with known ids."""
    key_id = jwt.get_unverified_header(token).get("kid")
    if not isinstance(key_id, str) or len(key_id) > _LONGEST_KEY_ID:
        raise InvalidTokenError("the token does not name a key")
    return key_id
