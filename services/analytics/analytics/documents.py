"""A report as plain data for the drawing process."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, TypedDict

from analytics.counting import Cell, Key
from analytics.localization import Language, day, span, word
from analytics.models import Report
from analytics.period import Group, Period
from analytics.reports import REPORTS, ReportKind
from analytics.tables import COST, UNPRICED, Chart, Note, make_charts, note_text, numbers

Kind = Literal["text", "date", "integer", "money"]

_ORDER = [
    *(key.value for key in Key),
    *(measure.name for definition in REPORTS.values() for measure in definition.measures),
    COST,
]
_KINDS: dict[str, Kind] = {
    Key.DATE: "date",
    Key.PROVIDER: "text",
    Key.MODEL: "text",
    Key.USER: "text",
    COST: "money",
}


class Column(TypedDict):
    name: str
    label: str
    kind: Kind


class Fact(TypedDict):
    label: str
    value: float
    kind: Kind


class Document(TypedDict):
    language: Language
    title: str
    subtitle: str
    created: str
    facts: list[Fact]
    columns: list[Column]
    rows: list[list[Cell]]
    charts: list[Chart]
    notes: list[str]


def columns_of(report: Report) -> list[str]:
    """The columns; taken from the rows for a report of the first release, which did not store them."""
    if report.columns:
        return report.columns
    present = set(report.rows[0]) if report.rows else set()
    return [name for name in dict.fromkeys(_ORDER) if name in present]


def make_document(report: Report, language: Language) -> Document:
    columns = columns_of(report)
    return {
        "language": language,
        "title": title_of(report, language),
        "subtitle": _subtitle(report, language),
        "created": report.created_at.isoformat(),
        "facts": make_facts(report.totals, language),
        "columns": [
            {"name": name, "label": word(name, language), "kind": _KINDS.get(name, "integer")}
            for name in columns
        ],
        "rows": [[row.get(name) for name in columns] for row in report.rows],
        "charts": _charts(report, columns, language),
        "notes": notes_of(report, language),
    }


def title_of(report: Report, language: Language) -> str:
    return report.title or word(f"report.{report.kind}", language)


def notes_of(report: Report, language: Language) -> list[str]:
    return [note_text(Note(name=note["name"], values=note["values"]), language) for note in report.notes]


def make_facts(totals: Mapping[str, Cell], language: Language) -> list[Fact]:
    """The numeric totals: costs first; the count of missing prices only when it is above 0."""
    values = numbers(totals)
    if not values.get(UNPRICED):
        values.pop(UNPRICED, None)
    names = sorted(values, key=lambda name: name != COST)
    return [
        {"label": word(name, language), "value": values[name], "kind": _KINDS.get(name, "integer")}
        for name in names
    ]


def scope_text(period: Period, user_id: object, language: Language) -> str:
    days = span(period.first, period.last, language)
    whose = f"{word('scope.user', language)} {user_id}" if user_id else word("scope.all", language)
    return f"{word('period', language)}: {days} (UTC) · {word('scope', language)}: {whose}"


def _subtitle(report: Report, language: Language) -> str:
    scope = scope_text(Period(report.period_from, report.period_to), report.user_id, language)
    return f"{scope} · {word('created', language)}: {day(_created(report), language)}"


def _created(report: Report) -> date:
    return report.created_at.date()


def _charts(report: Report, columns: list[str], language: Language) -> list[Chart]:
    """The charts; none for a table without dates, as in the cost reports of the first release."""
    if Key.DATE not in columns:
        return []
    definition = REPORTS[ReportKind(report.kind)]
    period = Period(report.period_from, report.period_to)
    return make_charts(definition.panels, report.rows, period, Group(report.grouping), language)
