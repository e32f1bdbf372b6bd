"""The kinds of reports."""

from enum import StrEnum

from analytics import measures
from analytics.counting import Key
from analytics.tables import COST, Definition, Panel


class ReportKind(StrEnum):
    USAGE = "usage"
    COST = "cost"
    SYNC = "sync"
    SECURITY = "security"


_TOKENS = (measures.AI_REQUESTS, measures.PROMPT_TOKENS, measures.COMPLETION_TOKENS)

REQUESTS_BY_MODEL = Panel("requests_by_model", "unit.requests", ("ai_requests",), Key.MODEL)
TOKENS = Panel("tokens", "unit.tokens", ("prompt_tokens", "completion_tokens"))
COST_BY_MODEL = Panel("cost_by_model", "unit.usd", (COST,), Key.MODEL)
SYNCS = Panel("syncs", "unit.syncs", ("syncs_completed", "syncs_failed"))
RECORDS = Panel("records_synchronized", "unit.records", ("records",))
REPORTS_READ = Panel("reports_read", "unit.reports", ("reports_read",))
SIGN_IN = Panel("sign_in", "unit.events", ("logins", "login_failures"))
THREATS = Panel(
    "threats",
    "unit.events",
    ("lockouts", "token_reuses", "prompts_flagged", "rate_limited", "enumerations", "alerts"),
)
ACCOUNT_CHANGES = Panel("account_changes", "unit.events", ("role_changes", "password_changes"))

SECURITY_MEASURES = (
    measures.LOGINS,
    measures.LOGIN_FAILURES,
    measures.LOCKOUTS,
    measures.ALERTS,
    measures.TOKEN_REUSES,
    measures.PROMPTS_FLAGGED,
    measures.RATE_LIMITED,
    measures.ENUMERATIONS,
    measures.ROLE_CHANGES,
    measures.PASSWORD_CHANGES,
)
"""The gravest first: a picture has room for the first six totals."""

REPORTS: dict[ReportKind, Definition] = {
    ReportKind.USAGE: Definition(
        (Key.DATE, Key.PROVIDER, Key.MODEL), (*_TOKENS, measures.AI_USERS), (REQUESTS_BY_MODEL, TOKENS)
    ),
    ReportKind.COST: Definition(
        (Key.DATE, Key.PROVIDER, Key.MODEL), _TOKENS, (COST_BY_MODEL, TOKENS), priced=True
    ),
    ReportKind.SYNC: Definition(
        (Key.DATE,),
        (
            measures.SYNCS_COMPLETED,
            measures.SYNCS_FAILED,
            measures.ENTITY_SETS,
            measures.RECORDS,
            measures.REPORTS_READ,
        ),
        (SYNCS, RECORDS),
    ),
    ReportKind.SECURITY: Definition((Key.DATE,), SECURITY_MEASURES, (SIGN_IN, THREATS)),
}
