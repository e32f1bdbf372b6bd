"""Draws reports. Runs in its own process (`worker`), so modules here must not import the service."""

from typing import Literal

COLORS = ("#2f6fde", "#f28e2b", "#2ca58d", "#d1495b", "#8e6cc0", "#b08d2e", "#6b7785")
"""Of the parts of a chart, in this order; told apart by colour-blind people too, and on paper."""

Drawing = Literal["xlsx", "png"]
