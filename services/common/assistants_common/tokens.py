"""JSON Web Tokens of the platform: issuing and verifying."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import jwt

from assistants_common.settings import ServiceSettings

_CLAIMS = ["iss", "aud", "sub", "role", "iat", "exp", "jti"]
_SKEW_SECONDS = 30


class Role(StrEnum):
    USER = "user"
    ANALYST = "analyst"
    ADMIN = "admin"


class InvalidTokenError(Exception):
    """The token is not one of ours, or not any more."""


@dataclass(frozen=True)
class Principal:
    """Who makes a request."""

    user_id: UUID
    role: Role
    token_id: str


@dataclass(frozen=True)
class IssuedToken:
    value: str
    expires_in: int


class TokenService:
    """Issues and verifies tokens under the settings' key. The algorithm is never read from a token."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._key = settings.jwt_secret_key.get_secret_value()
        self._algorithm = settings.jwt_algorithm
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._lifetime = timedelta(minutes=settings.jwt_expire_minutes)

    def issue(self, user_id: UUID, role: Role, lifetime: timedelta | None = None) -> IssuedToken:
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
        token = jwt.encode(claims, self._key, algorithm=self._algorithm)
        return IssuedToken(token, int(duration.total_seconds()))

    def verify(self, token: str) -> Principal:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[self._algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_SKEW_SECONDS,
                options={"require": _CLAIMS},
            )
            return Principal(UUID(claims["sub"]), Role(claims["role"]), str(claims["jti"]))
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise InvalidTokenError(str(error)) from error
