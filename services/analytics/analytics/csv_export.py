"""Rows as comma-separated values (RFC 4180)."""

import csv
import io
from collections.abc import Sequence

from analytics.counting import Cell, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(columns)
    writer.writerows([_harmless(row[column]) for column in columns] for row in rows)
    return output.getvalue()


def _harmless(cell: Cell) -> Cell:
    """Text a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
