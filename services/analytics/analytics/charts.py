"""Bar charts as inline SVG."""

from collections.abc import Sequence
from html import escape

from analytics.schemas import Point, SeriesView

_WIDTH = 640
_HEIGHT = 160
_TOP = 20
_BOTTOM = 20
_GAP = 0.2


def bar_chart(series: SeriesView) -> str:
    """A bar for each day, with its value as a tooltip; the highest value and both ends are named."""
    highest = max(point.value for point in series.points)
    first, last = series.points[0].date, series.points[-1].date
    name = escape(f"{series.label} by day, {first} to {last}, at most {highest}")
    bars = "".join(_bars(series.points, highest))
    base = _HEIGHT - _BOTTOM
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f'<text x="0" y="{_TOP - 6}">{highest:,}</text>'
        f"{bars}"
        f'<line x1="0" y1="{base}" x2="{_WIDTH}" y2="{base}"/>'
        f'<text x="0" y="{_HEIGHT - 4}">{first}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{last}</text>'
        "</svg>"
    )


def _bars(points: Sequence[Point], highest: int) -> list[str]:
    slot = _WIDTH / len(points)
    tallest = _HEIGHT - _TOP - _BOTTOM
    return [
        _bar(point, number * slot, slot * (1 - _GAP), tallest * point.value / highest)
        for number, point in enumerate(points)
        if point.value
    ]


def _bar(point: Point, left: float, width: float, height: float) -> str:
    top = _HEIGHT - _BOTTOM - height
    return (
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}">'
        f"<title>{escape(f'{point.date}: {point.value:,}')}</title></rect>"
    )
