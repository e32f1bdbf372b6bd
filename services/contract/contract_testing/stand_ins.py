"""Stand-ins for the servers outside the platform, as applications for `uvicorn --factory`."""

from typing import Any

from starlette.applications import Starlette

from ai_assistant_testing.stand_in import StandIn
from model_simulator.server import build_simulator as build_model_simulator
from onec_simulator.base import COMPANIES, OBJECT, Base, EntitySet, reference
from onec_simulator.demo import demo_base
from onec_simulator.server import build_simulator

_PIECE_SECONDS = 0.02
_SLOW_SECONDS = 0.1
"""So that the progress of a synchronization can be seen."""


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


HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
"""A name that a page shows and never runs."""

GONE = "Catalog_Закрытый"


class _Listed(dict[str, EntitySet]):
    """Entity sets, one of which the server lists but refuses."""

    def get(self, name: str, default: object = None) -> Any:  # noqa: ANN401 - as of the dictionary
        return default if name == GONE else super().get(name, default)


def demonstration() -> Starlette:
    """The 1C server of dev, with a company of a hostile name and an entity set that cannot be read."""
    base = demo_base()
    companies = base.entity_sets[COMPANIES]
    companies.rows.append({**companies.rows[0], "Ref_Key": reference("company", 99), "Description": HOSTILE})
    base.entity_sets = _Listed(base.entity_sets)
    base.entity_sets[GONE] = EntitySet(("Ref_Key",), dict(OBJECT), [])
    base.delay_seconds = _SLOW_SECONDS
    return build_simulator(base)


def models() -> Starlette:
    """The simulator of models of dev."""
    return build_model_simulator(_PIECE_SECONDS)
