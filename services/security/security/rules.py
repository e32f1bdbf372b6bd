"""Which events are suspicious, and how many of them are too many."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from assistants_common.events import Event
from assistants_common.tokens import Role
from security.models import Severity, ThreatKind

logger = logging.getLogger(__name__)

LOGIN_FAILED = "user.login_failed"
ROLE_CHANGED = "user.role_changed"
_RANK = {Role.USER: 0, Role.ANALYST: 1, Role.ADMIN: 2}


class LoginFailed(BaseModel):
    account: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,128}$")]


class RoleChanged(BaseModel):
    previous: Role = Field(alias="from")
    role: Role = Field(alias="to")
    by: UUID


@dataclass(frozen=True)
class Rule:
    """Fires when `threshold` events of one subject lie within `window`.

    `subject` names whom an event counts against, or is None for an event that does not count.
    """

    kind: ThreatKind
    event_type: str
    subject: Callable[[Event], str | None]
    threshold: int
    window: timedelta
    severity: Severity
    title: str


def _account(event: Event) -> str | None:
    return LoginFailed.model_validate(event.data).account


def _actor(event: Event) -> str | None:
    return str(RoleChanged.model_validate(event.data).by)


def _self_promoted(event: Event) -> str | None:
    change = RoleChanged.model_validate(event.data)
    promoted = _RANK[change.role] > _RANK[change.previous]
    return str(change.by) if promoted and change.by == event.user_id else None


RULES = (
    Rule(
        kind=ThreatKind.BRUTE_FORCE,
        event_type=LOGIN_FAILED,
        subject=_account,
        threshold=5,
        window=timedelta(minutes=10),
        severity=Severity.HIGH,
        title="Repeated failed logins to one account",
    ),
    Rule(
        kind=ThreatKind.SELF_PROMOTION,
        event_type=ROLE_CHANGED,
        subject=_self_promoted,
        threshold=1,
        window=timedelta(minutes=10),
        severity=Severity.CRITICAL,
        title="A user gave himself a higher role",
    ),
    Rule(
        kind=ThreatKind.ROLE_CHANGE_BURST,
        event_type=ROLE_CHANGED,
        subject=_actor,
        threshold=4,
        window=timedelta(minutes=1),
        severity=Severity.HIGH,
        title="Many role changes by one user within a minute",
    ),
)


def matches(event: Event) -> list[tuple[Rule, str]]:
    """The rules an event counts for, each with the subject; none for a malformed event."""
    try:
        candidates = [(rule, rule.subject(event)) for rule in RULES if rule.event_type == event.type]
    except ValidationError as error:
        fields = [".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)]
        extra = {"event_type": event.type, "event_id": str(event.id), "fields": fields}
        logger.warning("event without the expected data", extra=extra)
        return []
    return [(rule, subject) for rule, subject in candidates if subject is not None]


def most_within(window: timedelta, times: Sequence[datetime], at: datetime) -> int:
    """The largest number of `times` in any stretch as long as `window` that has `at` in it."""
    starts = [start for start in times if at - window <= start <= at]
    return max((sum(start <= time <= start + window for time in times) for start in starts), default=0)
