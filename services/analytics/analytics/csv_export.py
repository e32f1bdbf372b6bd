"""Rows as comma-separated values (RFC 4180)."""

import csv
import io
from collections.abc import Sequence

from analytics.counting import Cell

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide ones too
_WHITE_SPACE = ("\t", "\r", "\n")


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return output.getvalue()


def _harmless(cell: Cell) -> Cell:
    """The cell, with an apostrophe before text that a spreadsheet would run as a formula."""
    if not isinstance(cell, str):
        return cell
    dangerous = cell.lstrip().startswith(_FORMULA) or cell.startswith(_WHITE_SPACE)
    return f"'{cell}" if dangerous else cell
