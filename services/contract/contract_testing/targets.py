"""The services, with their start for a run and their callers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from uuid import UUID

import httpx

from ai_assistant_testing.stand_in import ANTHROPIC_KEY, OPENAI_KEY
from assistants_testing.postgres import REPOSITORY
from assistants_testing.smtp import SmtpServer, smtp_server
from assistants_testing.waiting import PATIENCE_SECONDS
from onec_simulator.base import Base
from onec_simulator.server import ROOT
from user_management_testing.oidc_provider import oidc_provider

from .accounts import register_accounts
from .examples import Caller, Examples, examples_of
from .gateway_routes import HIGHEST_RATE, address_at_gateway, routed_services, routes_to
from .identities import Identity, fixed_headers, minted_tokens
from .limits import lifted_limits
from .seeds import attacks, publish, usage
from .servers import Service, Stores, migrated_service, running_gateway, running_stand_in

_ONEC_PROCESS = "contract_testing.onec_on_loopback"
_LOWEST_ARGON2_KIB = 19 * 1024
_PUBLIC_URL = "http://platform.example.com"


@dataclass(frozen=True)
class Running:
    """A running service, and its callers by name."""

    url: str
    tokens: Mapping[str, str]
    auth: Mapping[str, Mapping[str, object]]
    """How they authenticate, in the format of Web Fuzzing Commons."""

    examples: Callable[[Identity], Examples] = lambda _: {}
    """Requests of a caller that are accepted, by their operations."""

    protected_ids: frozenset[UUID] = frozenset()
    """Accounts a run must not change."""


type Start = Callable[[Stores], AbstractContextManager[Running]]


def _common(key: str, package: str) -> dict[str, object]:
    return {"env": "dev", "jwt_secret_key": key, "drain_seconds": 0, **lifted_limits(package)}


@contextmanager
def _ai_assistant(stores: Stores, key: str) -> Iterator[Service]:
    with running_stand_in("providers", stores.directory) as providers:
        settings = {
            **_common(key, "ai_assistant"),
            "openai_api_key": OPENAI_KEY,
            "openai_base_url": f"{providers}/v1",
            "anthropic_api_key": ANTHROPIC_KEY,
            "anthropic_base_url": providers,
        }
        with migrated_service("ai_assistant", settings, stores) as service:
            yield service


@contextmanager
def _onec_integration(stores: Stores, key: str) -> Iterator[Service]:
    with running_stand_in("onec", stores.directory) as simulator:
        settings = {
            **_common(key, "onec_integration"),
            "onec_server_url": f"{simulator}{ROOT}",
            "onec_username": Base.username,
            "onec_password": Base.password,
            "onec_poll_seconds": 0.2,
        }
        with migrated_service(_ONEC_PROCESS, settings, stores) as service:
            yield service


@contextmanager
def _user_management(stores: Stores, key: str) -> Iterator[Service]:
    with smtp_server() as mail, _mailing_user_management(stores, key, mail) as service:
        yield service


@contextmanager
def _mailing_user_management(stores: Stores, key: str, mail: SmtpServer) -> Iterator[Service]:
    client_id, secret = "assistants", token_hex(16)
    with oidc_provider(client_id, secret, f"{_PUBLIC_URL}/auth/oidc/callback") as provider:
        settings = {
            **_common(key, "user_management"),
            **mail.as_settings(),
            "public_url": _PUBLIC_URL,
            "oidc_issuer": provider.issuer,
            "oidc_client_id": client_id,
            "oidc_client_secret": secret,
            "argon2_memory_kib": _LOWEST_ARGON2_KIB,
        }
        with migrated_service("user_management", settings, stores) as service:
            yield service


@contextmanager
def _analytics(stores: Stores, key: str) -> Iterator[Service]:
    with migrated_service("analytics", _common(key, "analytics"), stores) as service:
        publish(stores.redis, usage())
        yield service


@contextmanager
def _security(stores: Stores, key: str) -> Iterator[Service]:
    with migrated_service("security", _common(key, "security"), stores) as service:
        publish(stores.redis, attacks())
        yield service


def _alone(package: str) -> Callable[[Stores, str], AbstractContextManager[Service]]:
    """A service that needs nothing but its stores."""

    @contextmanager
    def start(stores: Stores, key: str) -> Iterator[Service]:
        with migrated_service(package, _common(key, package), stores) as service:
            yield service

    return start


_SERVICES: dict[str, Callable[[Stores, str], AbstractContextManager[Service]]] = {
    "ai-assistant": _ai_assistant,
    "onec-integration": _onec_integration,
    "user-management": _user_management,
    "analytics": _analytics,
    "security": _security,
}
_SHARED = {"common", "contract"}
_OTHERS = sorted(
    folder.parent.name
    for folder in (REPOSITORY / "services").glob("*/requirements.in")
    if folder.parent.name not in _SHARED | _SERVICES.keys()
)
_SERVICES |= {name: _alone(name.replace("-", "_")) for name in _OTHERS}


def service(name: str, stores: Stores) -> AbstractContextManager[Service]:
    """One Python service by itself."""
    return _SERVICES[name](stores, token_hex(32))


def _with_minted_tokens(name: str) -> Start:
    @contextmanager
    def start(stores: Stores) -> Iterator[Running]:
        key = token_hex(32)
        with _SERVICES[name](stores, key) as running, ExitStack() as stack:
            tokens = minted_tokens(key)

            def examples(identity: Identity) -> Examples:
                client = stack.enter_context(_client(running.url, tokens[identity.name]))
                return examples_of(name, Caller(identity, client))

            yield Running(running.url, tokens, fixed_headers(tokens), examples)

    return start


@contextmanager
def _with_accounts(stores: Stores) -> Iterator[Running]:
    """user-management, whose callers have accounts, so that they can change a password and log out."""
    name = "user-management"
    with (
        smtp_server() as mail,
        _mailing_user_management(stores, token_hex(32), mail) as service,
        ExitStack() as stack,
    ):
        accounts = register_accounts(service, mail)

        def examples(identity: Identity) -> Examples:
            client = stack.enter_context(_client(service.url, accounts.log_in(identity.name)))
            credentials = accounts.credentials[identity.name]
            return examples_of(name, Caller(identity, client, credentials=credentials, mail=mail))

        yield Running(service.url, accounts.tokens, accounts.auth, examples, accounts.ids)


@contextmanager
def _gateway(stores: Stores) -> Iterator[Running]:
    """The gateway with all services behind it, and callers with accounts."""
    key = token_hex(32)
    with ExitStack() as stack:
        mail = stack.enter_context(smtp_server())
        accounts_service = stack.enter_context(_mailing_user_management(stores, key, mail))
        urls = {
            name: stack.enter_context(start(stores, key)).url
            for name, start in _SERVICES.items()
            if name in routed_services() - {"user-management"}
        } | {"user-management": accounts_service.url}
        settings = {
            "jwt_secret_key": key,
            "rate_limit": HIGHEST_RATE,
            "drain_seconds": 0,
            **stores.redis.as_settings(),
            "gateway_routes": routes_to(urls),
        }
        url = stack.enter_context(running_gateway(settings, stores.directory))
        login = address_at_gateway("user-management", "/auth/login")
        accounts = register_accounts(accounts_service, mail, login)

        def examples(identity: Identity) -> Examples:
            client = stack.enter_context(_client(url, accounts.log_in(identity.name)))
            made: Examples = {}
            for service in routed_services():
                address_of = partial(address_at_gateway, service)
                credentials = accounts.credentials[identity.name]
                made |= examples_of(service, Caller(identity, client, address_of, credentials, mail))
            return made

        yield Running(url, accounts.tokens, accounts.auth, examples, accounts.ids)


def _client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS)


# The slowest first, so that the others run beside them.
TARGETS: Mapping[str, Start] = {
    "api-gateway": _gateway,
    "user-management": _with_accounts,
    "ai-assistant": _with_minted_tokens("ai-assistant"),
    "onec-integration": _with_minted_tokens("onec-integration"),
    "analytics": _with_minted_tokens("analytics"),
    "security": _with_minted_tokens("security"),
    **{name: _with_minted_tokens(name) for name in _OTHERS},
}

EXAMPLES_DIVISOR: Mapping[str, int] = {"api-gateway": 5}
"""It serves the operations of all services, each of which is tested by itself with all examples."""
