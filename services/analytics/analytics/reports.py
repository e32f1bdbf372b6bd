"""The kinds of reports, and how each is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from analytics import measures
from analytics.counting import Counts, Key, Row, count_events
from analytics.measures import Measure
from analytics.period import Period
from analytics.prices import TokenPrices, find_price

COST = "cost"
_COST_DIGITS = 6


class ReportKind(StrEnum):
    USAGE = "usage"
    COST = COST
    SYNC = "sync"
    SECURITY = "security"


@dataclass(frozen=True)
class Definition:
    keys: Sequence[Key]
    measures: Sequence[Measure]
    columns_added: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        names = [key.value for key in self.keys] + [measure.name for measure in self.measures]
        return [*names, *self.columns_added]


_TOKENS = (measures.AI_REQUESTS, measures.PROMPT_TOKENS, measures.COMPLETION_TOKENS)

DEFINITIONS: dict[ReportKind, Definition] = {
    ReportKind.USAGE: Definition((Key.DATE, Key.PROVIDER, Key.MODEL), (*_TOKENS, measures.AI_USERS)),
    ReportKind.COST: Definition((Key.PROVIDER, Key.MODEL), _TOKENS, (COST,)),
    ReportKind.SYNC: Definition(
        (Key.DATE,),
        (measures.SYNCS_COMPLETED, measures.SYNCS_FAILED, measures.ENTITY_SETS, measures.RECORDS),
    ),
    ReportKind.SECURITY: Definition(
        (Key.DATE,), (measures.LOGINS, measures.LOGIN_FAILURES, measures.ROLE_CHANGES, measures.ALERTS)
    ),
}


async def make_report(session: AsyncSession, kind: ReportKind, period: Period, prices: TokenPrices) -> Counts:
    definition = DEFINITIONS[kind]
    counts = await count_events(session, period, definition.keys, definition.measures)
    return _with_cost(counts, prices) if kind is ReportKind.COST else counts


def _with_cost(counts: Counts, prices: TokenPrices) -> Counts:
    """Add the cost. Requests without a price have none, and are counted: nobody shall take them for free."""
    rows: list[Row] = []
    total, unpriced = Decimal(0), 0
    for row in counts.rows:
        cost = _cost(row, prices)
        if cost is None:
            unpriced += _integer(row, measures.AI_REQUESTS)
        else:
            total += cost
        rows.append({**row, COST: None if cost is None else _rounded(cost)})
    totals: Row = {COST: _rounded(total), "currency": "USD", "ai_requests_without_price": unpriced}
    return Counts(rows, {**counts.totals, **totals})


def _cost(row: Row, prices: TokenPrices) -> Decimal | None:
    price = find_price(prices, str(row[Key.MODEL]))
    if price is None:
        return None
    return price.cost(_integer(row, measures.PROMPT_TOKENS), _integer(row, measures.COMPLETION_TOKENS))


def _integer(row: Row, measure: Measure) -> int:
    return int(row[measure.name] or 0)


def _rounded(amount: Decimal) -> float:
    return float(round(amount, _COST_DIGITS))
