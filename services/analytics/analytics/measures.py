"""The measures of the events, by name."""

from dataclasses import dataclass
from enum import Enum, auto

_REGISTERED = "user.registered"
_LOGIN = "user.login"
_AI_USAGE = "ai.usage"
_SYNC_COMPLETED = "onec.sync_completed"
_REPORT_READ = "onec.report_read"


class How(Enum):
    EVENTS = auto()
    USERS = auto()
    SUM = auto()


@dataclass(frozen=True)
class Measure:
    """The events of some types, the users in them, or the sum of a number in their data."""

    name: str
    types: tuple[str, ...]
    how: How = How.EVENTS
    member: str | None = None


ACTIVE_USERS = Measure("active_users", (_REGISTERED, _LOGIN, _AI_USAGE, _REPORT_READ), How.USERS)
REGISTRATIONS = Measure("registrations", (_REGISTERED,))
LOGINS = Measure("logins", (_LOGIN,))
LOGIN_FAILURES = Measure("login_failures", ("user.login_failed",))
LOCKOUTS = Measure("lockouts", ("user.locked",))
TOKEN_REUSES = Measure("token_reuses", ("user.token_reused",))
ROLE_CHANGES = Measure("role_changes", ("user.role_changed",))
PASSWORD_CHANGES = Measure("password_changes", ("user.password_changed",))

AI_REQUESTS = Measure("ai_requests", (_AI_USAGE,))
AI_USERS = Measure("ai_users", (_AI_USAGE,), How.USERS)
PROMPT_TOKENS = Measure("prompt_tokens", (_AI_USAGE,), How.SUM, "input_tokens")
COMPLETION_TOKENS = Measure("completion_tokens", (_AI_USAGE,), How.SUM, "output_tokens")
PROMPTS_FLAGGED = Measure("prompts_flagged", ("ai.prompt_flagged",))

SYNCS_COMPLETED = Measure("syncs_completed", (_SYNC_COMPLETED,))
SYNCS_FAILED = Measure("syncs_failed", ("onec.sync_failed",))
ENTITY_SETS = Measure("entity_sets", (_SYNC_COMPLETED,), How.SUM, "entity_sets")
RECORDS = Measure("records", (_SYNC_COMPLETED,), How.SUM, "rows_read")
REPORTS_READ = Measure("reports_read", (_REPORT_READ,))

RATE_LIMITED = Measure("rate_limited", ("gateway.rate_limited",))
ENUMERATIONS = Measure("enumerations", ("gateway.enumeration",))
ALERTS = Measure("alerts", ("security.alert",))
