"""The dashboards."""

from analytics import measures
from analytics.counting import Key
from analytics.period import Group, Period
from analytics.reports import (
    ACCOUNT_CHANGES,
    COST_BY_MODEL,
    RECORDS,
    REPORTS,
    REPORTS_READ,
    SECURITY_MEASURES,
    SIGN_IN,
    SYNCS,
    THREATS,
    TOKENS,
    ReportKind,
)
from analytics.tables import Definition, Panel

_MOST_BARS = 92
_REQUESTS = Panel("ai_requests", "unit.requests", ("ai_requests",))

DASHBOARDS: dict[str, Definition] = {
    "overview": Definition(
        (Key.DATE,),
        (
            measures.ACTIVE_USERS,
            measures.REGISTRATIONS,
            measures.LOGINS,
            measures.LOGIN_FAILURES,
            measures.AI_REQUESTS,
            measures.SYNCS_COMPLETED,
            measures.SYNCS_FAILED,
            measures.ALERTS,
        ),
        (
            Panel("people", "unit.users", ("active_users",)),
            _REQUESTS,
            SYNCS,
            SIGN_IN,
            Panel("registrations", "unit.users", ("registrations",)),
            Panel("alerts", "unit.events", ("alerts",)),
        ),
    ),
    "usage": Definition(
        (Key.DATE,),
        (measures.AI_REQUESTS, measures.AI_USERS, measures.PROMPT_TOKENS, measures.COMPLETION_TOKENS),
        (_REQUESTS, Panel("people_of_ai", "unit.users", ("ai_users",)), TOKENS),
    ),
    "cost": Definition(
        REPORTS[ReportKind.COST].keys,
        REPORTS[ReportKind.COST].measures,
        (COST_BY_MODEL, TOKENS, _REQUESTS),
        priced=True,
    ),
    "sync": Definition((Key.DATE,), REPORTS[ReportKind.SYNC].measures, (SYNCS, RECORDS, REPORTS_READ)),
    "security": Definition((Key.DATE,), SECURITY_MEASURES, (SIGN_IN, THREATS, ACCOUNT_CHANGES)),
}


def readable_group(period: Period) -> Group:
    """Days for a period short enough for readable bars, otherwise weeks."""
    return Group.DAY if period.length <= _MOST_BARS else Group.WEEK
