"""The routing table that the charts give the gateway, with other addresses."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

# Its stubs are a package of their own.
import yaml  # type: ignore[import-untyped]

from assistants_testing.postgres import REPOSITORY

_MANIFEST = REPOSITORY / "dist" / "production" / "30-api-gateway.k8s.yaml"
_VARIABLE = "GATEWAY_ROUTES"
HIGHEST_RATE = 1_000_000


def routes_to(urls: Mapping[str, str]) -> str:
    """The table as JSON, with a URL for each service, by its name, and without limits for an address.

    Raises KeyError for a service that has no URL.
    """
    return json.dumps([_route(route, urls) for route in json.loads(_rendered())])


def routed_services() -> frozenset[str]:
    """The services that the gateway passes requests on to."""
    return frozenset(route["service"] for route in json.loads(_rendered()))


def address_at_gateway(service: str, path: str) -> str:
    """The gateway's path for a path of a service; ValueError when the gateway does not serve it."""
    for route in json.loads(_rendered()):
        inside: str = route["rewrite"]
        if route["service"] == service and (path == inside or path.startswith(f"{inside}/")):
            return f"{route['prefix']}{path.removeprefix(inside)}"
    raise ValueError(f"{path} of {service} is not behind the gateway")


def _route(route: Mapping[str, Any], urls: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in route.items() if name != "endpoints"}
    limit = {"requestsPerMinute": HIGHEST_RATE} if "requestsPerMinute" in route else {}
    return {**kept, "upstream": urls[route["service"]], **limit}


@cache
def _rendered() -> str:
    for document in yaml.safe_load_all(_MANIFEST.read_text()):
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            (value,) = (entry["value"] for entry in container["env"] if entry["name"] == _VARIABLE)
            return str(value)
    raise RuntimeError(f"{_MANIFEST} has no Deployment")
