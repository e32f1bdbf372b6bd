"""What is counted in the events, by name."""

from dataclasses import dataclass
from enum import Enum, auto

_REGISTERED = "user.registered"
_LOGIN = "user.login"
_LOGIN_FAILED = "user.login_failed"
_ROLE_CHANGED = "user.role_changed"
_AI_USAGE = "ai.usage"
_SYNC_COMPLETED = "onec.sync_completed"
_SYNC_FAILED = "onec.sync_failed"
_ALERT = "security.alert"


class How(Enum):
    EVENTS = auto()
    USERS = auto()
    SUM = auto()


@dataclass(frozen=True)
class Measure:
    """The events of some types, the users in them, or the sum of a number in their data."""

    name: str
    label: str
    types: tuple[str, ...]
    how: How = How.EVENTS
    member: str | None = None


ACTIVE_USERS = Measure("active_users", "Active users", (_REGISTERED, _LOGIN, _AI_USAGE), How.USERS)
REGISTRATIONS = Measure("registrations", "Registrations", (_REGISTERED,))
LOGINS = Measure("logins", "Logins", (_LOGIN,))
LOGIN_FAILURES = Measure("login_failures", "Failed logins", (_LOGIN_FAILED,))
ROLE_CHANGES = Measure("role_changes", "Role changes", (_ROLE_CHANGED,))

AI_REQUESTS = Measure("ai_requests", "AI requests", (_AI_USAGE,))
AI_USERS = Measure("ai_users", "Users of AI", (_AI_USAGE,), How.USERS)
PROMPT_TOKENS = Measure("prompt_tokens", "Prompt tokens", (_AI_USAGE,), How.SUM, "input_tokens")
COMPLETION_TOKENS = Measure("completion_tokens", "Completion tokens", (_AI_USAGE,), How.SUM, "output_tokens")

SYNCS_COMPLETED = Measure("syncs_completed", "1C synchronisations", (_SYNC_COMPLETED,))
SYNCS_FAILED = Measure("syncs_failed", "Failed 1C synchronisations", (_SYNC_FAILED,))
ENTITY_SETS = Measure("entity_sets", "Entity sets synchronised", (_SYNC_COMPLETED,), How.SUM, "entity_sets")
RECORDS = Measure("records", "Records synchronised", (_SYNC_COMPLETED,), How.SUM, "rows_read")

ALERTS = Measure("alerts", "Security alerts", (_ALERT,))
