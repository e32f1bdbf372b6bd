import json

import pytest

from contract_testing.gateway_routes import address_at_gateway, routed_services, routes_to
from contract_testing.targets import TARGETS

URLS = {service: f"http://127.0.0.1/{service}" for service in TARGETS}


def test_every_route_leads_to_the_url_of_its_service_and_has_no_low_limit() -> None:
    routes = json.loads(routes_to(URLS))
    assert {route["service"] for route in routes} == routed_services()
    assert len(routed_services()) >= 5
    assert routed_services() < TARGETS.keys()
    for route in routes:
        assert route["upstream"] == URLS[route["service"]]
        assert "endpoints" not in route
        assert route.get("requestsPerMinute", 1_000_000) == 1_000_000


def test_a_service_without_a_url_is_an_error() -> None:
    with pytest.raises(KeyError, match="security"):
        routes_to({service: url for service, url in URLS.items() if service != "security"})


@pytest.mark.parametrize(
    ("service", "path", "address"),
    [
        ("user-management", "/auth/login", "/api/users/auth/login"),
        ("user-management", "/users", "/api/users"),
        ("user-management", "/users/{user_id}", "/api/users/{user_id}"),
        ("analytics", "/reports/{report_id}", "/api/analytics/reports/{report_id}"),
    ],
)
def test_a_path_of_a_service_is_found_at_the_gateway(service: str, path: str, address: str) -> None:
    assert address_at_gateway(service, path) == address


def test_a_path_that_is_not_passed_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="/metrics of user-management"):
        address_at_gateway("user-management", "/metrics")
