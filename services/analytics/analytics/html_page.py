"""A dashboard as a web page that needs nothing from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from html import escape

from analytics.charts import bar_chart
from analytics.schemas import DashboardView, SeriesView

_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4 }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.5rem }
main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)) }
section { border: 1px solid #8884; border-radius: .5rem; padding: 1rem }
h2 { font-size: 1rem; margin: 0 }
.total { font-size: 1.6rem; margin: .25rem 0 }
svg { height: auto; width: 100% }
svg rect { fill: #3b7dd8 }
svg line { stroke: #888 }
svg text { fill: currentColor; font-size: 12px }
"""
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


def render(dashboard: DashboardView) -> str:
    title = escape(dashboard.title)
    sections = "".join(_section(series, dashboard.totals[series.name]) for series in dashboard.series)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{title}</h1><p>{dashboard.first_day} to {dashboard.last_day}, days in UTC</p>"
        f"<main>{sections}</main></body></html>"
    )


def _section(series: SeriesView, total: int) -> str:
    return (
        f'<section><h2>{escape(series.label)}</h2><p class="total">{total:,}</p>{bar_chart(series)}</section>'
    )
