"""The data that the rules read from other services' events."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from assistants_common.events import Event
from assistants_common.tokens import Role
from security.detection.addresses import network_of

REGISTERED = "user.registered"
LOGIN = "user.login"
LOGIN_FAILED = "user.login_failed"
LOCKED = "user.locked"
ROLE_CHANGED = "user.role_changed"
TOKEN_REUSED = "user.token_reused"  # noqa: S105 - the name of an event
PROMPT_FLAGGED = "ai.prompt_flagged"
REPORT_READ = "onec.report_read"
RATE_LIMITED = "gateway.rate_limited"
ENUMERATION = "gateway.enumeration"

_RANK = {Role.USER: 0, Role.ANALYST: 1, Role.ADMIN: 2}
Account = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,128}$")]
Network = Annotated[str | None, BeforeValidator(network_of)]
"""An address that is none is left out: the event still counts for the rules that do not look at it."""


class HasUser(BaseModel):
    """An event that is about a user. Validated with the event's `user_id` among the data."""

    user_id: UUID


class HasAddress(BaseModel):
    address: Network = None


class LoginFailed(HasAddress):
    account: Account


class Locked(BaseModel):
    account: Account
    seconds: float = Field(gt=0, le=7 * 24 * 3600)


class Login(HasUser, HasAddress):
    role: Role | None = None


class RoleChanged(BaseModel):
    user_id: UUID | None = None
    previous: Role = Field(alias="from")
    role: Role = Field(alias="to")
    by: UUID | None = None

    @property
    def is_promotion(self) -> bool:
        return _RANK[self.role] > _RANK[self.previous]


class Sender(HasAddress):
    """Who made requests at the gateway: a user, or an address without one."""

    user_id: UUID | None = None

    @property
    def name(self) -> str | None:
        return str(self.user_id) if self.user_id else self.address


def read[D: BaseModel](model: type[D], event: Event) -> D:
    """The event's data; ValidationError when the data does not match its type."""
    return model.model_validate({**event.data, "user_id": event.user_id})
