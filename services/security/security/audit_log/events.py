"""Turns events of the other services into audit entries."""

import logging
import re
from uuid import UUID

from assistants_common.events import Event
from security.audit_log.canonical import utc_text
from security.audit_log.chain import API_SOURCE, Draft
from security.audit_log.details import checked_details
from security.models import Outcome

logger = logging.getLogger(__name__)

RESERVED_PREFIXES = ("user.", "gateway.", "ai.", "onec.", "security.", "audit.", "alert.")
"""Actions that callers may not use: the platform itself says when these happen."""

ACTION_PATTERN = r"^[A-Za-z0-9._:-]+$"
_ACTION = re.compile(ACTION_PATTERN)
_SOURCE = re.compile(r"^[a-z0-9-]{1,64}$")
_NAME = re.compile(r"^[0-9A-Za-z_.:-]{1,128}$")
# Users' actions and refusals. Auditors do not need the cost of models (ai.usage).
_PREFIXES = ("user.", "gateway.")
_TYPES = frozenset({"ai.prompt_flagged", "onec.report_read", "onec.sync_completed", "onec.sync_failed"})
_FAILURES = frozenset(
    {
        "user.login_failed",
        "user.locked",
        "user.token_reused",
        "ai.prompt_flagged",
        "onec.sync_failed",
        "gateway.rate_limited",
        "gateway.enumeration",
    }
)
_ROLE_CHANGED = "user.role_changed"


def is_audited(event: Event) -> bool:
    known = event.type.startswith(_PREFIXES) or event.type in _TYPES
    return known and _ACTION.fullmatch(event.type) is not None


def draft_of(event: Event) -> Draft:
    """The entry for an event: its actor, its subject and all its data."""
    return Draft(
        actor=_actor(event),
        action=event.type,
        resource=_resource(event),
        outcome=Outcome.FAILURE if event.type in _FAILURES else Outcome.SUCCESS,
        details=_details(event),
        source=_source(event),
        event_id=event.id,
    )


def _source(event: Event) -> str:
    """The source of an event; a sender cannot pretend to be "api", the interface for people."""
    good = _SOURCE.fullmatch(event.source) and event.source != API_SOURCE
    return event.source if good else "unknown"


def _actor(event: Event) -> UUID | None:
    """The user who changed a role, or else the user of the event."""
    if event.type != _ROLE_CHANGED:
        return event.user_id
    try:
        return UUID(str(event.data.get("by")))
    except ValueError:
        return None


def _resource(event: Event) -> str:
    if event.user_id is not None:
        return f"users/{event.user_id}"
    for folder, key in (("accounts", "account"), ("addresses", "address")):
        value = event.data.get(key)
        if isinstance(value, str) and _NAME.fullmatch(value):
            return f"{folder}/{value}"
    return "platform"


def _details(event: Event) -> dict[str, object]:
    """The event's time (the entry's own time is that of writing), its request and its data."""
    frame: dict[str, object] = {"time": utc_text(event.time)}
    if event.request_id is not None:
        frame["request_id"] = event.request_id[:128]
    try:
        return checked_details({**frame, "data": event.data})
    except ValueError as error:
        logger.warning("event data not kept", extra={"event_id": str(event.id), "reason": str(error)})
        return {"time": frame["time"], "data_left_out": str(error)}
