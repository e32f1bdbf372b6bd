import json

import pytest

from contract_testing.gateway_routes import routes_to
from contract_testing.targets import TARGETS

URLS = {service: f"http://127.0.0.1/{service}" for service in TARGETS}


def test_every_route_leads_to_the_url_of_its_service_and_has_no_low_limit() -> None:
    routes = json.loads(routes_to(URLS))
    assert {route["service"] for route in routes} == TARGETS.keys() - {"api-gateway"}
    for route in routes:
        assert route["upstream"] == URLS[route["service"]]
        assert "endpoints" not in route
        assert route.get("requestsPerMinute", 1_000_000) == 1_000_000


def test_a_service_without_a_url_is_an_error() -> None:
    with pytest.raises(KeyError, match="security"):
        routes_to({service: url for service, url in URLS.items() if service != "security"})
