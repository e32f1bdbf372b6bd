"""A report as an Excel workbook: a summary with charts, and the figures as typed cells."""

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.chart import Chart as NativeChart  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from analytics.localization import Language, word
from analytics.rendering import COLORS

if TYPE_CHECKING:
    from analytics.documents import Column, Document, Kind
    from analytics.tables import Chart

_WIDEST = 48
_CHART_SIZE = {"width": 880, "height": 320}
_CHART_ROWS = 17
_NUMBER_FORMATS: "dict[Kind, str]" = {
    "text": "@",
    "date": "yyyy-mm-dd",
    "integer": "#,##0",
    "money": "#,##0.00####",
}


class _Styles:
    def __init__(self, book: Workbook, language: Language) -> None:
        formats = dict(_NUMBER_FORMATS)
        if language == "ru":
            formats["date"] = "dd.mm.yyyy"
        self.title = book.add_format({"bold": True, "font_size": 18})
        self.muted = book.add_format({"font_color": "#5f6b7a"})
        self.note = book.add_format({"font_color": "#5f6b7a", "italic": True})
        self.header = book.add_format(
            {
                "bold": True,
                "bg_color": "#1f3a5f",
                "font_color": "#ffffff",
                "text_wrap": True,
                "valign": "vcenter",
                "border": 1,
                "border_color": "#d5dbe3",
            }
        )
        self.label = book.add_format({"bottom": 1, "bottom_color": "#d5dbe3"})
        self.cells: dict[Kind, Format] = {
            kind: book.add_format({"num_format": pattern}) for kind, pattern in formats.items()
        }
        self.facts: dict[Kind, Format] = {
            kind: book.add_format(
                {"num_format": pattern, "bold": True, "bottom": 1, "bottom_color": "#d5dbe3"}
            )
            for kind, pattern in formats.items()
        }


def to_xlsx(document: "Document") -> bytes:
    """The workbook; the same document gives the same bytes. All text stays text: no formula, no link."""
    output = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    language = document["language"]
    with Workbook(output, options) as book:
        book.set_properties(
            {
                "title": document["title"],
                "created": datetime.fromisoformat(document["created"]).astimezone(UTC),
            }
        )
        styles = _Styles(book, language)
        summary = book.add_worksheet(word("summary", language))
        data = book.add_worksheet(word("data", language))
        _write_data(data, document, styles)
        row = _write_summary(summary, document, styles)
        charts = [chart for chart in document["charts"] if chart["series"]]
        if charts:
            source = book.add_worksheet(word("chart_data", language))
            _write_charts(book, summary, source, charts, styles, row)
    return output.getvalue()


def _write_summary(sheet: Worksheet, document: "Document", styles: _Styles) -> int:
    """Write the summary; returns the first row below it."""
    sheet.hide_gridlines(2)
    _for_paper(sheet)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 18)
    sheet.write_string(0, 0, document["title"], styles.title)
    sheet.write_string(1, 0, document["subtitle"], styles.muted)
    row = 3
    for fact in document["facts"]:
        sheet.write_string(row, 0, fact["label"], styles.label)
        sheet.write_number(row, 1, fact["value"], styles.facts[fact["kind"]])
        row += 1
    notes = (
        document["notes"] if document["rows"] else [word("no_data", document["language"]), *document["notes"]]
    )
    for note in notes:
        row += 1
        sheet.write_string(row, 0, note, styles.note)
    return row + 2


def _write_data(sheet: Worksheet, document: "Document", styles: _Styles) -> None:
    columns, rows = document["columns"], document["rows"]
    _for_paper(sheet)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for number, column in enumerate(columns):
        sheet.set_column(number, number, _width(column, [row[number] for row in rows]))
        sheet.write_string(0, number, column["label"], styles.header)
        for position, row in enumerate(rows, start=1):
            _write_cell(sheet, position, number, row[number], column["kind"], styles)
    if columns:
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)


def _write_cell(
    sheet: Worksheet, row: int, column: int, value: str | float | None, kind: "Kind", styles: _Styles
) -> None:
    style = styles.cells[kind]
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str) and kind == "date":
        sheet.write_datetime(row, column, date.fromisoformat(value), style)
    elif isinstance(value, str):
        sheet.write_string(row, column, value, style)
    else:
        sheet.write_number(row, column, value, style)


def _width(column: "Column", values: "list[str | int | float | None]") -> int:
    if column["kind"] == "text":
        longest = max((len(str(value)) for value in values), default=0)
        return min(max(longest, len(column["label"])) + 3, _WIDEST)
    return max(12, min(len(column["label"]) + 3, 20))


def _write_charts(
    book: Workbook, summary: Worksheet, source: Worksheet, charts: "list[Chart]", styles: _Styles, row: int
) -> None:
    """Write the charts' figures side by side, and the charts into the summary."""
    source.freeze_panes(1, 0)
    source.set_row(0, 32)
    left = 0
    for chart in charts:
        _write_chart_data(source, chart, left, styles)
        summary.insert_chart(row, 0, _native_chart(book, source, chart, left))
        left += len(chart["series"]) + 2
        row += _CHART_ROWS


def _write_chart_data(source: Worksheet, chart: "Chart", left: int, styles: _Styles) -> None:
    source.set_column(left, left + len(chart["series"]), 16)
    source.write_string(0, left, chart["x_label"], styles.header)
    for position, step in enumerate(chart["steps"], start=1):
        source.write_datetime(position, left, date.fromisoformat(step), styles.cells["date"])
    for number, series in enumerate(chart["series"], start=left + 1):
        source.write_string(0, number, series["label"], styles.header)
        for position, value in enumerate(series["values"], start=1):
            source.write_number(position, number, value)


def _native_chart(book: Workbook, source: Worksheet, chart: "Chart", left: int) -> NativeChart:
    native = book.add_chart({"type": "column", "subtype": "stacked"})
    last, name = len(chart["steps"]), source.get_name()
    for number, _ in enumerate(chart["series"]):
        native.add_series(
            {
                "name": [name, 0, left + 1 + number],
                "categories": [name, 1, left, last, left],
                "values": [name, 1, left + 1 + number, last, left + 1 + number],
                "fill": {"color": COLORS[number % len(COLORS)]},
                "gap": 40,
            }
        )
    native.set_title({"name": chart["title"], "name_font": {"size": 13}, "overlay": False})
    native.set_x_axis({"name": chart["x_label"], "date_axis": False, "num_font": {"rotation": -45}})
    native.set_y_axis(
        {
            "name": chart["y_label"],
            "min": 0,
            "major_gridlines": {"visible": True, "line": {"color": "#e3e7ed"}},
        }
    )
    native.set_legend({"position": "bottom"} if len(chart["series"]) > 1 else {"none": True})
    native.set_size(_CHART_SIZE)
    return native


def _for_paper(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
