"""The rules: suspicious events, their thresholds, and the reasons for these."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from assistants_common.events import Event
from security.detection import event_data
from security.detection.event_data import HasUser, Login, LoginFailed, RoleChanged, Sender, read
from security.models import ThreatKind
from security.severity import Severity

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The subject that an event counts against, and its value for rules that count different values."""

    subject: str
    value: str | None = None


@dataclass(frozen=True)
class Escalation:
    """The count from which a threat is more severe."""

    threshold: int
    severity: Severity


@dataclass(frozen=True)
class Rule:
    """Fires when `threshold` events (or different values) of one subject lie within `window`.

    Events within `lull` after the last one belong to the same threat.
    """

    kind: ThreatKind
    threshold: int
    window: timedelta
    severity: Severity
    title: str
    reason: str
    escalation: Escalation | None = None
    lull: timedelta = timedelta(minutes=30)

    def severity_of(self, count: int) -> Severity:
        worse = self.escalation
        return worse.severity if worse and count >= worse.threshold else self.severity


def _account(event: Event) -> Reading | None:
    return Reading(read(LoginFailed, event).account)


def _account_from_address(event: Event) -> Reading | None:
    failure = read(LoginFailed, event)
    return Reading(failure.address, failure.account) if failure.address else None


def _login_address(event: Event) -> Reading | None:
    login = read(Login, event)
    return Reading(str(login.user_id), login.address) if login.address else None


def _self_promoted(event: Event) -> Reading | None:
    change = read(RoleChanged, event)
    promoted_himself = change.is_promotion and change.by is not None and change.by == change.user_id
    return Reading(str(change.by)) if promoted_himself else None


def _changer(event: Event) -> Reading | None:
    change = read(RoleChanged, event)
    return Reading(str(change.by)) if change.by else None


def _user(event: Event) -> Reading | None:
    return Reading(str(read(HasUser, event).user_id))


def _sender(event: Event) -> Reading | None:
    name = read(Sender, event).name
    return Reading(name) if name else None


def _sender_and_minute(event: Event) -> Reading | None:
    """The sender and the minute, because several replicas of the gateway may report the same minute."""
    name = read(Sender, event).name
    return Reading(name, f"{event.time:%Y-%m-%dT%H:%M}") if name else None


_MINUTE = timedelta(minutes=1)
_TEN_MINUTES = timedelta(minutes=10)

BRUTE_FORCE = Rule(
    kind=ThreatKind.BRUTE_FORCE,
    threshold=5,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="Repeated failed logins to one account",
    reason="Who forgot a password gives up or resets it after three or four attempts.",
)
PASSWORD_SPRAYING = Rule(
    kind=ThreatKind.PASSWORD_SPRAYING,
    threshold=10,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="Failed logins to many accounts from one address",
    reason="Behind the address of an office a few people mistype within ten minutes, hardly ten of them.",
)
LOCKED_ACCOUNT_STORM = Rule(
    kind=ThreatKind.LOCKED_ACCOUNT_STORM,
    threshold=10,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="Logins to a locked account go on",
    reason="A person reads that the account is locked and waits; a program does not read.",
)
MANY_ADDRESSES = Rule(
    kind=ThreatKind.MANY_ADDRESSES,
    threshold=4,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="Logins of one user from many addresses at once",
    reason="Office, phone and home are three addresses; a fourth within ten minutes is somebody else.",
)
SELF_PROMOTION = Rule(
    kind=ThreatKind.SELF_PROMOTION,
    threshold=1,
    window=_TEN_MINUTES,
    severity=Severity.CRITICAL,
    title="A user gave himself a higher role",
    reason="The platform offers no way to do this, so once is too often.",
)
UNAUTHORIZED_PROMOTION = Rule(
    kind=ThreatKind.UNAUTHORIZED_PROMOTION,
    threshold=1,
    window=_TEN_MINUTES,
    severity=Severity.CRITICAL,
    title="A higher role was given by a user who was no administrator",
    reason="Only administrators can change roles, so once is too often.",
)
ROLE_CHANGE_BURST = Rule(
    kind=ThreatKind.ROLE_CHANGE_BURST,
    threshold=4,
    window=_MINUTE,
    severity=Severity.HIGH,
    title="Many role changes by one user within a minute",
    reason="A person who changes roles by hand looks each user up first; four a minute is a program.",
)
TOKEN_REUSE = Rule(
    kind=ThreatKind.TOKEN_REUSE,
    threshold=1,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="A refresh token was used twice",
    reason="A client forgets a token once it is replaced: somebody else has a copy.",
)
SCRAPING = Rule(
    kind=ThreatKind.SCRAPING,
    threshold=3,
    window=_TEN_MINUTES,
    severity=Severity.MEDIUM,
    title="Requests above the limit, again and again",
    reason="A burst is over within a minute; who meets the limit in a third minute ignores Retry-After.",
)
ENUMERATION = Rule(
    kind=ThreatKind.ENUMERATION,
    threshold=1,
    window=_TEN_MINUTES,
    severity=Severity.MEDIUM,
    title="Guesses at what exists",
    reason="The gateway reports twenty refusals within a minute; our own clients ask for what exists.",
    escalation=Escalation(3, Severity.HIGH),
)
BULK_READING = Rule(
    kind=ThreatKind.BULK_READING,
    threshold=51,
    window=_TEN_MINUTES,
    severity=Severity.HIGH,
    title="One user reads very many reports",
    reason="More than fifty reports in ten minutes, one every twelve seconds, are copied and not read.",
)
PROMPT_INJECTION = Rule(
    kind=ThreatKind.PROMPT_INJECTION,
    threshold=1,
    window=_TEN_MINUTES,
    severity=Severity.MEDIUM,
    title="Prompts that try to take over the assistant",
    reason="One marker may be a quotation and is worth a look; three within ten minutes are attempts.",
    escalation=Escalation(3, Severity.HIGH),
)
RULES = (
    BRUTE_FORCE,
    PASSWORD_SPRAYING,
    LOCKED_ACCOUNT_STORM,
    MANY_ADDRESSES,
    SELF_PROMOTION,
    UNAUTHORIZED_PROMOTION,
    ROLE_CHANGE_BURST,
    TOKEN_REUSE,
    SCRAPING,
    ENUMERATION,
    BULK_READING,
    PROMPT_INJECTION,
)

type _Reader = Callable[[Event], Reading | None]

# The rules that need only the event. The others are in `lookups`.
_BY_EVENT: Mapping[str, Sequence[tuple[Rule, _Reader]]] = {
    event_data.LOGIN_FAILED: ((BRUTE_FORCE, _account), (PASSWORD_SPRAYING, _account_from_address)),
    event_data.LOGIN: ((MANY_ADDRESSES, _login_address),),
    event_data.ROLE_CHANGED: ((SELF_PROMOTION, _self_promoted), (ROLE_CHANGE_BURST, _changer)),
    event_data.TOKEN_REUSED: ((TOKEN_REUSE, _user),),
    event_data.RATE_LIMITED: ((SCRAPING, _sender_and_minute),),
    event_data.ENUMERATION: ((ENUMERATION, _sender),),
    event_data.REPORT_READ: ((BULK_READING, _user),),
    event_data.PROMPT_FLAGGED: ((PROMPT_INJECTION, _user),),
}


def matches(event: Event) -> list[tuple[Rule, Reading]]:
    """The rules that count an event; none for a malformed event."""
    try:
        found = [(rule, reader(event)) for rule, reader in _BY_EVENT.get(event.type, ())]
    except ValidationError as error:
        log_malformed(event, error)
        return []
    return [(rule, reading) for rule, reading in found if reading is not None]


def log_malformed(event: Event, error: ValidationError) -> None:
    fields = [".".join(str(part) for part in item["loc"]) for item in error.errors(include_input=False)]
    extra = {"event_type": event.type, "event_id": str(event.id), "fields": fields}
    logger.warning("event without the expected data", extra=extra)


def most_within(window: timedelta, seen: Sequence[tuple[datetime, object]], at: datetime) -> int:
    """The largest number of different values in any interval of length `window` that contains `at`.

    `seen` is in the order of time; for rules that count events, each event has its own value.
    """
    inside: Counter[object] = Counter()
    most = end = 0
    for time, value in seen:
        while end < len(seen) and seen[end][0] <= time + window:
            inside[seen[end][1]] += 1
            end += 1
        if at - window <= time <= at:
            most = max(most, len(inside))
        inside[value] -= 1
        if not inside[value]:
            del inside[value]
    return most
