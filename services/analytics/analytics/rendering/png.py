"""A report as one picture, for a message or a slide."""

import io
from datetime import date
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analytics.localization import Language, number, scale_number, short_day, word
from analytics.rendering import COLORS

if TYPE_CHECKING:
    from analytics.documents import Document, Fact
    from analytics.tables import Chart

_DPI = 100
_WIDTH, _HEIGHT = 12.0, 6.75
_LEFT, _RIGHT = 0.045, 0.975
_INK, _MUTED, _LINE = "#1c2733", "#5f6b7a", "#d9dfe7"
_MOST_FACTS = 6
_MOST_DATES = 8
_LONGEST_TITLE = 72
_LONGEST_LABEL = 36
_LEGEND_LETTERS = 84
_MARGIN = 0.62
_HALF_BAR = 0.39

mpl.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        # Names of models and titles are plain text: a dollar sign starts no formula.
        "text.parse_math": False,
        "axes.edgecolor": _LINE,
        "axes.labelcolor": _MUTED,
        "xtick.color": _MUTED,
        "ytick.color": _MUTED,
        "text.color": _INK,
    }
)


def to_png(document: "Document") -> bytes:
    """1200 by 675 points. The same document gives the same bytes."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    _write_head(figure, document)
    _write_facts(figure, document["facts"][:_MOST_FACTS], document["language"])
    _draw_charts(figure, document)
    _write_notes(figure, document["notes"])
    output = io.BytesIO()
    figure.savefig(output, format="png", metadata={"Title": document["title"], "Software": None})
    return output.getvalue()


def _write_head(figure: Figure, document: "Document") -> None:
    title = shorten(document["title"], _LONGEST_TITLE, placeholder="…")
    figure.text(_LEFT, 0.925, title, fontsize=21, fontweight="bold")
    figure.text(_LEFT, 0.882, document["subtitle"], fontsize=10.5, color=_MUTED)


def _write_facts(figure: Figure, facts: "list[Fact]", language: Language) -> None:
    width = (_RIGHT - _LEFT) / max(len(facts), 1)
    for position, fact in enumerate(facts):
        left = _LEFT + position * width
        text = number(fact["value"], language, 2 if fact["kind"] == "money" else 0)
        figure.text(left, 0.795, text, fontsize=19, fontweight="bold", color=COLORS[0])
        letters = int(width * 105)
        label = "\n".join(wrap(fact["label"], letters)[:2])
        figure.text(left, 0.78, label, fontsize=9.5, color=_MUTED, va="top", linespacing=1.15)


def _draw_charts(figure: Figure, document: "Document") -> None:
    charts = document["charts"]
    if not charts:
        return
    grid = figure.add_gridspec(
        1, len(charts), left=_LEFT + 0.035, right=_RIGHT, top=0.67, bottom=0.265, wspace=0.2
    )
    for position, chart in enumerate(charts):
        _draw(figure.add_subplot(grid[0, position]), chart, document["language"])


def _draw(axes: Axes, chart: "Chart", language: Language) -> None:
    axes.set_title(chart["title"], loc="left", fontsize=12, fontweight="bold", pad=10)
    axes.set_xlabel(chart["x_label"], fontsize=9.5)
    axes.set_ylabel(chart["y_label"], fontsize=9.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=9, length=0, pad=5)
    axes.grid(axis="y", color=_LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    highest = _draw_bars(axes, chart)
    _set_scale(axes, highest, chart, language)
    if not highest:
        axes.text(0.5, 0.5, word("no_data", language), transform=axes.transAxes, ha="center", color=_MUTED)


def _draw_bars(axes: Axes, chart: "Chart") -> float:
    """Draw stacked parts; returns the height of the highest stack.

    Each part is one collection: a year of single bars would take seconds.
    """
    heights = [0.0] * len(chart["steps"])
    for part, series in enumerate(chart["series"]):
        bars = [
            _bar(position, below, value)
            for position, (below, value) in enumerate(zip(heights, series["values"], strict=True))
            if value
        ]
        label = shorten(series["label"], _LONGEST_LABEL, placeholder="…")
        color = COLORS[part % len(COLORS)]
        axes.add_collection(PolyCollection(bars, facecolors=color, label=label, linewidths=0), autolim=False)
        heights = [height + value for height, value in zip(heights, series["values"], strict=True)]
    if len(chart["series"]) > 1:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(-0.01, -0.155),
            ncols=_legend_columns(chart),
            frameon=False,
            fontsize=9,
            handlelength=0.9,
            handleheight=0.9,
            columnspacing=1.4,
            handletextpad=0.5,
            labelspacing=0.35,
            borderaxespad=0,
        )
    return max(heights, default=0)


def _bar(position: int, below: float, value: float) -> list[tuple[float, float]]:
    left, right, top = position - _HALF_BAR, position + _HALF_BAR, below + value
    return [(left, below), (right, below), (right, top), (left, top)]


def _legend_columns(chart: "Chart") -> int:
    longest = max(len(series["label"]) for series in chart["series"])
    return max(2, min(4, _LEGEND_LETTERS // (min(longest, _LONGEST_LABEL) + 4)))


def _set_scale(axes: Axes, highest: float, chart: "Chart", language: Language) -> None:
    steps = chart["steps"]
    every = -(-len(steps) // _MOST_DATES)
    shown = list(range(0, len(steps), every))
    axes.set_xticks(shown, [short_day(date.fromisoformat(steps[position]), language) for position in shown])
    axes.set_xlim(-_MARGIN, len(steps) - 1 + _MARGIN)
    axes.set_ylim(0, highest * 1.06 or 1)
    whole = all(float(value).is_integer() for series in chart["series"] for value in series["values"])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=whole, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: scale_number(value, highest, language)))


def _write_notes(figure: Figure, notes: list[str]) -> None:
    lines = [line for note in notes for line in wrap(note, 165)][:2]
    figure.text(_LEFT, 0.03, "\n".join(lines), fontsize=8.5, color=_MUTED, va="bottom")
