"""Bodies of requests and responses."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, EmailStr, Field, SecretStr
from pydantic.types import StringConstraints

from assistants_common.tokens import Role
from user_management import opaque_tokens

_EMAIL_EXAMPLE = "anna@example.com"
_PASSWORD_EXAMPLE = "seven green lighthouses"  # noqa: S105 - an example
_TOKEN_EXAMPLE = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"  # noqa: S105 - an example


def _only_the_address(value: object) -> object:
    """Refuse a mailbox with a name, such as `Anna <anna@example.com>`, which EmailStr accepts."""
    if isinstance(value, str) and "<" in value:
        raise ValueError("must be an e-mail address without a name")
    return value


Email = Annotated[
    EmailStr,
    BeforeValidator(_only_the_address),
    AfterValidator(str.lower),
    Field(max_length=254, examples=[_EMAIL_EXAMPLE]),
]
NewPassword = Annotated[SecretStr, Field(min_length=12, max_length=128, examples=[_PASSWORD_EXAMPLE])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=128, examples=[_PASSWORD_EXAMPLE])]
Token = Annotated[str, StringConstraints(pattern=opaque_tokens.PATTERN), Field(examples=[_TOKEN_EXAMPLE])]


class Registration(BaseModel):
    email: Email
    password: NewPassword


class Login(BaseModel):
    email: Email
    password: Password


class Refresh(BaseModel):
    refresh_token: Token


class LinkToken(BaseModel):
    token: Token


class Address(BaseModel):
    email: Email


class PasswordReset(BaseModel):
    token: Token
    password: NewPassword


class PasswordChange(BaseModel):
    old_password: Password
    new_password: NewPassword


class LoginResult(BaseModel):
    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds the access token is good for.")
    refresh_token: str = Field(description="Good for one use of POST /auth/refresh, which returns the next.")
    refresh_expires_in: int = Field(description="Seconds the refresh token is good for.")
    user_id: UUID


class SignInMethods(BaseModel):
    identity_provider: bool = Field(
        description="Whether GET /auth/oidc/login leads to one. A password is always possible."
    )


class KeySet(BaseModel):
    """RFC 7517. Empty when tokens are signed with a secret that the services share."""

    keys: list[dict[str, str]]


class RoleChange(BaseModel):
    role: Role


class UserView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    email: str
    email_verified: bool
    role: Role
    created_at: datetime
    last_login_at: datetime | None
