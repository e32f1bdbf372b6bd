"""The parts of a report or dashboard: a table of figures, and the charts of its columns."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from analytics import measures
from analytics.counting import Cell, Counts, Key, Row, Scope, count_events
from analytics.localization import Language, word
from analytics.measures import Measure
from analytics.period import Group, Period
from analytics.prices import (
    DEFAULT_PRICES,
    DEFAULT_PRICES_DATE,
    DEFAULT_PRICES_SOURCE,
    TokenPrices,
    find_price,
)

COST = "cost"
UNPRICED = "ai_requests_without_price"
_COST_DIGITS = 6
_LARGEST_PARTS = 6
_OTHER = "other"


@dataclass(frozen=True)
class Panel:
    """A chart: stacked columns, or one column split by a key."""

    name: str
    unit: str
    columns: tuple[str, ...]
    split: Key | None = None


@dataclass(frozen=True)
class Definition:
    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]
    panels: tuple[Panel, ...]
    priced: bool = False

    def columns(self, keys: Sequence[Key]) -> list[str]:
        names = [key.value for key in keys] + [measure.name for measure in self.measures]
        return [*names, COST] if self.priced else names


class Note(TypedDict):
    """A remark: the name of its text, and the values to insert."""

    name: str
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[Row]
    totals: Row
    notes: list[Note] = field(default_factory=list)


class Series(TypedDict):
    name: str
    label: str
    values: list[float]


class Chart(TypedDict):
    """A chart as plain data, because it also goes to the drawing process."""

    name: str
    title: str
    x_label: str
    y_label: str
    steps: list[str]
    series: list[Series]


async def make_table(
    session: AsyncSession,
    definition: Definition,
    scope: Scope,
    prices: TokenPrices,
    *,
    per_user: bool = False,
) -> Table:
    keys = (*definition.keys, Key.USER) if per_user else definition.keys
    counts = await count_events(session, scope, keys, definition.measures)
    columns = definition.columns(keys)
    if not definition.priced:
        return Table(columns, counts.rows, counts.totals)
    priced = await asyncio.to_thread(_with_cost, counts, prices)
    return Table(columns, priced.rows, priced.totals, _price_notes(priced.rows, prices))


def unpriced_models(rows: Sequence[Row]) -> list[str]:
    """The models without a known price; none in a table without costs."""
    return sorted({str(row.get(Key.MODEL)) for row in rows if COST in row and row[COST] is None})


def _with_cost(counts: Counts, prices: TokenPrices) -> Counts:
    """Add the cost. Counts requests without a price separately, so that they do not look free."""
    rows: list[Row] = []
    total, unpriced = Decimal(0), 0
    for row in counts.rows:
        cost = _cost(row, prices)
        if cost is None:
            unpriced += _integer(row, measures.AI_REQUESTS)
        else:
            total += cost
        rows.append({**row, COST: None if cost is None else _rounded(cost)})
    totals: Row = {COST: _rounded(total), "currency": "USD", UNPRICED: unpriced}
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


def _price_notes(rows: Sequence[Row], prices: TokenPrices) -> list[Note]:
    listed: Note = {
        "name": "note.prices_listed",
        "values": {"date": DEFAULT_PRICES_DATE.isoformat(), "source": DEFAULT_PRICES_SOURCE},
    }
    notes = [listed if prices == DEFAULT_PRICES else Note(name="note.prices_set", values={})]
    models = unpriced_models(rows)
    if models:
        notes.append({"name": "note.unpriced", "values": {"models": ", ".join(models)}})
    return notes


def note_text(note: Note, language: Language) -> str:
    text = word(note["name"], language)
    for name, value in note["values"].items():
        text = text.replace(f"{{{name}}}", value)
    return text


def make_charts(
    panels: Sequence[Panel], rows: Sequence[Row], period: Period, group: Group, language: Language
) -> list[Chart]:
    """The charts of a table whose rows have dates, with 0 for steps without events."""
    steps = [step.isoformat() for step in period.steps(group)]
    return [
        {
            "name": panel.name,
            "title": word(panel.name, language),
            "x_label": word(f"group.{group.value}", language),
            "y_label": word(panel.unit, language),
            "steps": steps,
            "series": [
                {"name": name, "label": label, "values": [values.get(step, 0) for step in steps]}
                for name, label, values in _parts(panel, rows, language)
            ],
        }
        for panel in panels
    ]


type _Values = dict[str, float]


def _parts(panel: Panel, rows: Sequence[Row], language: Language) -> list[tuple[str, str, _Values]]:
    if panel.split is None:
        return [(name, word(name, language), _sums(rows, name)) for name in panel.columns]
    (column,) = panel.columns
    ranked = _ranked(rows, panel.split, column)
    shown = ranked if len(ranked) <= _LARGEST_PARTS + 1 else ranked[:_LARGEST_PARTS]
    parts = [
        (f"{column}:{value}", value, _sums([row for row in rows if row[panel.split] == value], column))
        for value in shown
    ]
    if len(shown) == len(ranked):
        return parts
    rest = [row for row in rows if row[panel.split] not in shown]
    return [*parts, (f"{column}:", word(_OTHER, language), _sums(rest, column))]


def _ranked(rows: Sequence[Row], key: Key, column: str) -> list[str]:
    """The values of a key, the largest first; without values that have no number, such as no price."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[str(row[key])] = totals.get(str(row[key]), 0) + _amount(row.get(column))
    return sorted(
        (value for value, total in totals.items() if total), key=lambda value: (-totals[value], value)
    )


def _sums(rows: Sequence[Row], column: str) -> _Values:
    sums: _Values = {}
    for row in rows:
        step = str(row[Key.DATE])
        sums[step] = sums.get(step, 0) + _amount(row.get(column))
    return sums


def _amount(cell: Cell) -> float:
    return cell if isinstance(cell, int | float) else 0


def numbers(totals: Mapping[str, Cell]) -> dict[str, float]:
    """The numeric totals."""
    return {name: value for name, value in totals.items() if isinstance(value, int | float)}
