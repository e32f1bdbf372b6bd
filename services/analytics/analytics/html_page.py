"""A dashboard as a self-contained web page."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from analytics.charts import bar_chart, legend
from analytics.documents import Fact, make_facts, scope_text
from analytics.localization import Language, number, word
from analytics.period import Period
from analytics.rendering import COLORS
from analytics.schemas import DashboardView
from analytics.tables import Chart

_PARTS = "\n".join(
    f"path.s{position} {{ fill: {color} }} li.s{position}::before {{ background: {color} }}"
    for position, color in enumerate(COLORS)
)
_STYLE = f"""
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4 }}
body {{ margin: 0 auto; max-width: 80rem; padding: 1.5rem }}
h1 {{ font-size: 1.7rem; margin: 0 }}
header p, footer {{ color: light-dark(#5f6b7a, #9aa7b8); margin: .25rem 0 1.25rem }}
dl {{ display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); margin: 0 0 1.25rem }}
dl div, section {{ background: light-dark(#fff, #1d232b); border: 1px solid #8883; border-radius: .6rem; padding: .9rem 1.1rem }}
dl div {{ display: flex; flex-direction: column-reverse; justify-content: flex-end }}
dt {{ color: light-dark(#5f6b7a, #9aa7b8); font-size: .85rem }}
dd {{ color: light-dark(#2f6fde, #7fb0ff); font-size: 1.55rem; font-variant-numeric: tabular-nums; font-weight: 650; margin: 0 }}
main {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)) }}
h2 {{ font-size: 1.05rem; margin: 0 }}
h2 small {{ color: light-dark(#5f6b7a, #9aa7b8); font-weight: 400 }}
svg {{ display: block; height: auto; margin-top: .6rem; width: 100% }}
svg line {{ stroke: #8883 }}
svg text {{ fill: light-dark(#5f6b7a, #9aa7b8); font-size: 12px }}
svg rect {{ fill: transparent }}
svg rect:hover {{ fill: #8882 }}
ul {{ display: flex; flex-wrap: wrap; font-size: .85rem; gap: .2rem 1rem; list-style: none; margin: .5rem 0 0; padding: 0 }}
li::before {{ border-radius: 2px; content: ""; display: inline-block; height: .7em; margin-right: .45em; width: .7em }}
@media print {{ section {{ break-inside: avoid }} }}
{_PARTS}
"""  # noqa: E501 - a rule a line reads better
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Sent with the page: nothing is loaded and nothing runs."""


def render(dashboard: DashboardView, charts: list[Chart], language: Language) -> str:
    title = escape(dashboard.title)
    scope = scope_text(Period(dashboard.first_day, dashboard.last_day), dashboard.user_id, language)
    facts = "".join(_fact(fact, language) for fact in make_facts(dashboard.totals, language))
    sections = "".join(_section(chart, language) for chart in charts)
    notes = "".join(f"<div>{escape(note)}</div>" for note in dashboard.notes)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><header><h1>{title}</h1><p>{escape(scope)}</p></header>"
        f"<dl>{facts}</dl><main>{sections}</main><footer>{notes}</footer></body></html>"
    )


def _fact(fact: Fact, language: Language) -> str:
    value = number(fact["value"], language, 2 if fact["kind"] == "money" else 0)
    return f"<div><dt>{escape(fact['label'])}</dt><dd>{value}</dd></div>"


def _section(chart: Chart, language: Language) -> str:
    units = f"<small>{escape(chart['y_label'])}, {escape(chart['x_label'])}</small>"
    if not any(value for series in chart["series"] for value in series["values"]):
        return (
            f"<section><h2>{escape(chart['title'])}</h2><p>{escape(word('no_data', language))}</p></section>"
        )
    picture = f"{bar_chart(chart, language)}{legend(chart)}"
    return f"<section><h2>{escape(chart['title'])} {units}</h2>{picture}</section>"
