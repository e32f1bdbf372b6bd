"""The dashboards, and how each is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from analytics import measures
from analytics.counting import Key, count_events
from analytics.measures import Measure
from analytics.period import Period
from analytics.schemas import DashboardView, Point, SeriesView


@dataclass(frozen=True)
class Dashboard:
    title: str
    measures: Sequence[Measure]


DASHBOARDS: dict[str, Dashboard] = {
    "overview": Dashboard(
        "Overview",
        (
            measures.ACTIVE_USERS,
            measures.REGISTRATIONS,
            measures.LOGINS,
            measures.AI_REQUESTS,
            measures.SYNCS_COMPLETED,
            measures.SYNCS_FAILED,
            measures.ALERTS,
        ),
    ),
    "usage": Dashboard(
        "Use of AI",
        (
            measures.AI_REQUESTS,
            measures.AI_USERS,
            measures.PROMPT_TOKENS,
            measures.COMPLETION_TOKENS,
        ),
    ),
    "security": Dashboard(
        "Security", (measures.LOGINS, measures.LOGIN_FAILURES, measures.ROLE_CHANGES, measures.ALERTS)
    ),
}


async def make_dashboard(session: AsyncSession, dashboard_id: str, period: Period) -> DashboardView | None:
    """A dashboard with a value for every day, 0 where nothing happened; None when there is no such one."""
    dashboard = DASHBOARDS.get(dashboard_id)
    if dashboard is None:
        return None
    counts = await count_events(session, period, (Key.DATE,), dashboard.measures)
    by_day = {row[Key.DATE]: row for row in counts.rows}

    def series(measure: Measure) -> SeriesView:
        values = ((day, by_day.get(day.isoformat(), {}).get(measure.name, 0)) for day in period.days())
        points = [Point(date=day, value=int(value or 0)) for day, value in values]
        return SeriesView(name=measure.name, label=measure.label, points=points)

    return DashboardView(
        id=dashboard_id,
        title=dashboard.title,
        first_day=period.first,
        last_day=period.last,
        series=[series(measure) for measure in dashboard.measures],
        totals={measure.name: int(counts.totals[measure.name] or 0) for measure in dashboard.measures},
    )
