"""Bar charts as inline SVG.

Matplotlib's SVG does not fit: it is too large, sets colours in style attributes, which the Content Security
Policy forbids, and has no tooltips or dark mode.
"""

from collections.abc import Iterator
from datetime import date
from html import escape
from math import ceil, floor, log10

from analytics.localization import Language, day, number, scale_number, short_day, span
from analytics.rendering import COLORS
from analytics.tables import Chart

_WIDTH, _HEIGHT = 640, 230
_LEFT, _TOP, _BOTTOM = 62, 10, 26
_TALLEST = _HEIGHT - _TOP - _BOTTOM
_BASE = _HEIGHT - _BOTTOM
_BAR_PART = 0.8
_LINES = 4
_MOST_DATES = 6
_MOST_TOOLTIPS = 100
_SMALL = 10


def bar_chart(chart: Chart, language: Language) -> str:
    """Stacked bars with a scale, labels for some of the days, and a tooltip for each stack."""
    piles = [sum(values) for values in zip(*(series["values"] for series in chart["series"]), strict=True)]
    whole = all(float(pile).is_integer() for pile in piles)
    top, step = _scale(max(piles, default=0), least=1 if whole else 0)
    name = escape(_name(chart, piles, language))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f"{''.join(_grid(top, step, language))}{''.join(_days(chart, language))}"
        f"{''.join(_bars(chart, top))}{''.join(_tooltips(chart, language))}</svg>"
    )


def legend(chart: Chart) -> str:
    """The legend, when the chart has several parts."""
    if len(chart["series"]) < 2:  # noqa: PLR2004
        return ""
    items = (
        f'<li class="s{position % len(COLORS)}">{escape(series["label"])}</li>'
        for position, series in enumerate(chart["series"])
    )
    return f"<ul>{''.join(items)}</ul>"


def _name(chart: Chart, piles: list[float], language: Language) -> str:
    first, last = (date.fromisoformat(chart["steps"][end]) for end in (0, -1))
    highest = _text(max(piles, default=0), language)
    return f"{chart['title']}, {span(first, last, language)}, ≤ {highest} {chart['y_label']}"


def _scale(highest: float, least: float) -> tuple[float, float]:
    """The top of the scale and the distance between its lines: 1, 2, 2.5 or 5 times a power of ten."""
    if highest <= 0:
        return 1, 1
    rough = max(highest / _LINES, least)
    power = 10.0 ** floor(log10(rough))
    factors = (1, 2, 5, 10) if power == least else (1, 2, 2.5, 5, 10)
    step = next(factor * power for factor in factors if factor * power >= rough * 0.9999)
    return step * ceil(highest / step * 0.9999), step


def _grid(top: float, step: float, language: Language) -> Iterator[str]:
    for line in range(round(top / step) + 1):
        y = _y(line * step, top)
        yield f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH}" y2="{y}"/>'
        text = scale_number(line * step, top, language)
        yield f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end">{text}</text>'


def _days(chart: Chart, language: Language) -> Iterator[str]:
    steps = chart["steps"]
    for position in range(0, len(steps), ceil(len(steps) / _MOST_DATES)):
        middle = _x(position + 0.5, len(steps))
        text = short_day(date.fromisoformat(steps[position]), language)
        yield f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{text}</text>'


def _bars(chart: Chart, top: float) -> Iterator[str]:
    """One path for each part, so that a year of bars stays small."""
    count = len(chart["steps"])
    width = _number((_WIDTH - _LEFT) / count * _BAR_PART)
    below = [0.0] * count
    for part, series in enumerate(chart["series"]):
        path = "".join(
            f"M{_x(position + (1 - _BAR_PART) / 2, count)} {_y(below[position], top)}"
            f"v{_number(-_TALLEST * value / top)}h{width}V{_y(below[position], top)}z"
            for position, value in enumerate(series["values"])
            if value
        )
        below = [height + value for height, value in zip(below, series["values"], strict=True)]
        if path:
            yield f'<path class="s{part % len(COLORS)}" d="{path}"/>'


def _tooltips(chart: Chart, language: Language) -> Iterator[str]:
    """Invisible bars in front, with the values as titles; none when they would be too thin to hit."""
    steps = chart["steps"]
    if len(steps) > _MOST_TOOLTIPS:
        return
    width = _number((_WIDTH - _LEFT) / len(steps))
    for position, step in enumerate(steps):
        values = [(series["label"], series["values"][position]) for series in chart["series"]]
        if any(value for _, value in values):
            lines = [f"{label}: {_text(value, language)}" for label, value in values if value]
            text = "\n".join([day(date.fromisoformat(step), language), *lines])
            yield (
                f'<rect x="{_x(position, len(steps))}" y="{_TOP}" width="{width}" height="{_TALLEST}">'
                f"<title>{escape(text)}</title></rect>"
            )


def _x(position: float, count: int) -> str:
    return _number(_LEFT + (_WIDTH - _LEFT) * position / count)


def _y(value: float, top: float) -> str:
    return _number(_BASE - _TALLEST * value / top)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(value: float, language: Language) -> str:
    whole = float(value).is_integer()
    return number(value, language, 0 if whole else 2 if value >= _SMALL / 100 else 4)
