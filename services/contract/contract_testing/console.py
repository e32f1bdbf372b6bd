"""`python -m contract_testing.console PUBLIC_URL`: the platform as in dev, for browser tests of the console.

Prints its address and its accounts as a line of JSON, and runs until its input ends.
"""
# ruff: noqa: T201 - a command prints

import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import httpx

from assistants_common.tokens import Role
from assistants_testing.waiting import PATIENCE_SECONDS
from onec_simulator.base import Base
from onec_simulator.server import ROOT
from user_management_testing.oidc_provider import oidc_provider

from .gateway_routes import HIGHEST_RATE, routed_services, routes_to
from .limits import lifted_limits
from .seeds import attacks, publish, usage
from .servers import Service, Stores, migrated_service, running_gateway, running_stand_in, running_stores

_PACKAGES = {"onec-integration": "contract_testing.onec_on_loopback"}
_EVENTS = {"analytics": usage, "security": attacks}


@dataclass(frozen=True)
class Platform:
    url: str
    """Of the gateway."""

    accounts: Mapping[str, Mapping[str, str]]
    """Of each role: email and password."""

    provider_email: str
    """Who is logged in at the identity provider."""


@contextmanager
def running_platform(directory: Path, public_url: str) -> Iterator[Platform]:
    key = token_hex(32)
    with ExitStack() as stack:
        stores = stack.enter_context(running_stores(directory))
        client_id, secret = "assistants", token_hex(16)
        callback = f"{public_url}/auth/oidc/callback"
        provider = stack.enter_context(oidc_provider(client_id, secret, callback))
        models = stack.enter_context(running_stand_in("models", directory))
        onec = stack.enter_context(running_stand_in("demonstration", directory))
        settings: dict[str, dict[str, object]] = {
            "ai-assistant": {"model_simulator_url": models},
            "onec-integration": {
                "onec_server_url": f"{onec}{ROOT}",
                "onec_username": Base.username,
                "onec_password": Base.password,
                "onec_poll_seconds": 0.2,
            },
            "user-management": {
                "public_url": public_url,
                "oidc_issuer": provider.issuer,
                "oidc_client_id": client_id,
                "oidc_client_secret": secret,
            },
        }
        names = sorted(routed_services())
        with ThreadPoolExecutor(len(names)) as pool:
            started = pool.map(
                lambda name: stack.enter_context(_service(name, settings.get(name, {}), key, stores)), names
            )
            services = dict(zip(names, started, strict=True))
        gateway = {
            "jwt_secret_key": key,
            "rate_limit": HIGHEST_RATE,
            "drain_seconds": 0,
            **stores.redis.as_settings(),
            "gateway_routes": routes_to({name: service.url for name, service in services.items()}),
        }
        url = stack.enter_context(running_gateway(gateway, directory))
        accounts = _accounts(services["user-management"])
        for events in _EVENTS.values():
            publish(stores.redis, events())
        yield Platform(url, accounts, provider.user["email"])


@contextmanager
def _service(name: str, settings: Mapping[str, object], key: str, stores: Stores) -> Iterator[Service]:
    package = name.replace("-", "_")
    common = {"env": "dev", "jwt_secret_key": key, "drain_seconds": 0, **lifted_limits(package)}
    with migrated_service(_PACKAGES.get(name, package), {**common, **settings}, stores) as service:
        yield service


def _accounts(users: Service) -> dict[str, dict[str, str]]:
    """Create an account of each role. Without mail, an account needs no confirmation."""
    made = {role.value: {"email": f"{role}@example.com", "password": f"A-{token_hex(12)}"} for role in Role}
    with httpx.Client(base_url=users.url, timeout=PATIENCE_SECONDS) as client:
        ids = {
            role: client.post("/auth/register", json=account).raise_for_status().json()["id"]
            for role, account in made.items()
        }
        admin = made[Role.ADMIN]
        promoted = users.run("promote", admin["email"])
        if promoted.returncode:
            raise RuntimeError(f"promote failed:\n{promoted.stdout}{promoted.stderr}")
        token = client.post("/auth/login", json=admin).raise_for_status().json()["access_token"]
        client.put(
            f"/users/{ids[Role.ANALYST]}/role",
            json={"role": Role.ANALYST},
            headers={"Authorization": f"Bearer {token}"},
        ).raise_for_status()
    return made


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(
            "expected the URL where browsers find the console, such as http://localhost:8080", file=sys.stderr
        )
        return 2
    with (
        TemporaryDirectory(prefix="console-", ignore_cleanup_errors=True) as name,
        running_platform(Path(name), arguments[0]) as platform,
    ):
        print(json.dumps(asdict(platform)), flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
