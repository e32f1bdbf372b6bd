"""What the services call outside the platform, as applications for `uvicorn --factory`."""

from starlette.applications import Starlette

from ai_assistant_testing.stand_in import StandIn
from onec_simulator.base import Base
from onec_simulator.server import build_simulator


def providers() -> Starlette:
    """OpenAI and Anthropic: every prompt gets the same short answer."""
    return StandIn().app


def onec() -> Starlette:
    """A 1C server with a base of moderate size, and licences for all who call."""
    base = Base()
    base.add_companies(25, deleted=[3])
    base.add_sales(120)
    base.add_rates(20)
    return build_simulator(base)
