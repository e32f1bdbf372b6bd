"""The requests with real ids, tokens and states, and what they are for."""

import re
from pkgutil import resolve_name
from secrets import token_hex

import pytest

from assistants_testing.processes import free_port
from contract_testing.examples import RECIPES
from contract_testing.exclusions import EXCLUSIONS
from contract_testing.gateway_routes import address_at_gateway, routed_services
from contract_testing.targets import TARGETS

SERVICES = [name for name in TARGETS if name != "api-gateway"]


def operations_of(service: str) -> set[str]:
    package = service.replace("-", "_")
    settings = resolve_name(f"{package}.settings:Settings")(
        jwt_secret_key=token_hex(32),
        redis_port=free_port(),
        postgres_port=free_port(),
        postgres_db="none",
        postgres_user="missing",
        postgres_password="none",
    )
    paths = resolve_name(f"{package}.app:build_app")(settings).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item}


@pytest.mark.parametrize("service", SERVICES)
def test_each_is_for_an_operation_that_the_service_has(service: str) -> None:
    assert {recipe.operation for recipe in RECIPES.get(service, ())} <= operations_of(service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_on_an_object_has_one(service: str) -> None:
    """Without it, the operation would be tested with ids that do not exist only."""
    with_an_id = {operation for operation in operations_of(service) if "{" in operation}
    assert with_an_id <= {recipe.operation for recipe in RECIPES.get(service, ())}


def test_what_is_left_out_is_of_an_operation_that_there_is() -> None:
    known = {service: operations_of(service) for service in SERVICES}
    known["api-gateway"] = {
        f"{method} {address_at_gateway(service, path)}"
        for service in routed_services()
        for method, path in (operation.split(" ") for operation in known[service])
        if path not in {"/live", "/health", "/metrics", "/.well-known/jwks.json"}
    }
    for exclusion in EXCLUSIONS:
        assert [name for name in known[exclusion.service] if re.search(exclusion.operations, name)], exclusion
