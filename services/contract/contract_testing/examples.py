"""Valid requests of each service that need a real object: its id, a token, a state."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from assistants_common.tokens import Role
from assistants_testing.smtp import SmtpServer
from assistants_testing.waiting import block_until

from .identities import Identity
from .mails import link_token

_ANY_SET = "Catalog_Организации"
_CANCEL_ATTEMPTS = 50


@dataclass(frozen=True)
class Example:
    """One request in the parts that schemathesis uses."""

    path_parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Caller:
    """One identity at a service, or at the gateway in front of it. Paths are those of the service."""

    identity: Identity
    client: httpx.Client
    address_of: Callable[[str], str] = lambda path: path
    """The path at which a path of the service is found."""

    credentials: Mapping[str, str] = field(default_factory=dict)
    """E-mail address and password, where callers have accounts."""

    mail: SmtpServer | None = None

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - those of httpx
        return self.client.request(method, self.address_of(path), **options)

    def ask(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401 - JSON, and options of httpx
        answer = self.send(method, path, **options)
        if answer.is_error:
            raise RuntimeError(f"{method} {path} as {self.identity.name}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def mailed(self, email: str, page: str) -> str:
        """The token of the newest link that leads to a page."""
        if self.mail is None:
            raise RuntimeError(f"{self.identity.name} gets no mail")
        return link_token(self.mail, email, page)


type Examples = dict[str, dict[str, Any]]
type Make = Callable[[Caller], Example]


@dataclass(frozen=True)
class Recipe:
    """The way to make a valid request of an operation, and its caller."""

    operation: str
    make: Make
    roles: frozenset[Role] = frozenset(Role)


_ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})


def _conversation(caller: Caller) -> Example:
    body = {"message": "Which documents are there?"}
    return Example({"conversation_id": caller.ask("POST", "/chat", json=body)["conversation_id"]})


def _first(path: str, parameter: str, **query: str) -> Make:
    """An example with the id of the first item of a list."""

    def make(caller: Caller) -> Example:
        found: list[dict[str, str]] = []

        def look() -> bool:
            found[:] = caller.ask("GET", path, params=query)["items"]
            return bool(found)

        block_until(look)
        return Example({parameter: found[0]["id"]})

    return make


def _job(caller: Caller) -> Example:
    order = {"entity_sets": [_ANY_SET]}
    return Example({"job_id": caller.ask("POST", "/sync/data", json=order)["job_id"]})


def _cancelled_job(caller: Caller) -> Example:
    """Cancel a new job; order another when the job ends too early."""
    for _ in range(_CANCEL_ATTEMPTS):
        job = _job(caller)
        if caller.send("POST", f"/sync/{job.path_parameters['job_id']}/cancel").is_success:
            return job
    raise RuntimeError(f"{_CANCEL_ATTEMPTS} jobs ended before they could be cancelled")


def _report(caller: Caller) -> Example:
    return Example({"report_id": caller.ask("POST", "/reports/generate", json={"kind": "cost"})["id"]})


def _open_alert(caller: Caller) -> Example:
    alert = _first("/alerts", "alert_id", state="open")(caller)
    return Example(alert.path_parameters, body={"state": "acknowledged"})


def _new_credentials() -> dict[str, str]:
    return {"email": f"example-{token_hex(8)}@example.com", "password": f"A-{token_hex(12)}"}


def _new_account(caller: Caller) -> tuple[str, str]:
    """The address and the id of an account that nothing else uses."""
    credentials = _new_credentials()
    return credentials["email"], caller.ask("POST", "/auth/register", json=credentials)["id"]


def _user(caller: Caller) -> Example:
    return Example({"user_id": _new_account(caller)[1]})


def _role(caller: Caller) -> Example:
    return Example(_user(caller).path_parameters, body={"role": Role.ANALYST.value})


def _verification(caller: Caller) -> Example:
    email, _ = _new_account(caller)
    return Example(body={"token": caller.mailed(email, "verify-email")})


def _reset(caller: Caller) -> Example:
    email, _ = _new_account(caller)
    caller.ask("POST", "/auth/password/forgot", json={"email": email})
    return Example(body={"token": caller.mailed(email, "reset"), "password": f"A-{token_hex(12)}"})


def _password(caller: Caller) -> Example:
    """Set the same password again, because the caller logs in with it later."""
    password = caller.credentials["password"]
    return Example(body={"old_password": password, "new_password": password})


def _login(caller: Caller) -> Example:
    return Example(body=dict(caller.credentials))


def _refresh(caller: Caller) -> Example:
    """Use a separate account, because a new password of the caller ends the caller's other sessions."""
    credentials = _new_credentials()
    caller.ask("POST", "/auth/register", json=credentials)
    token = caller.mailed(credentials["email"], "verify-email")
    caller.ask("POST", "/auth/verify-email", json={"token": token})
    return Example(
        body={"refresh_token": caller.ask("POST", "/auth/login", json=credentials)["refresh_token"]}
    )


def _oidc_callback(caller: Caller) -> Example:
    """Go to the provider, up to its redirect back."""
    begun = caller.send("GET", "/auth/oidc/login")
    cookie = dict(begun.cookies)
    caller.client.cookies.clear()
    back = httpx.get(begun.headers["location"]).headers["location"]
    return Example(query=dict(parse_qsl(urlsplit(back).query)), cookies=cookie)


RECIPES: Mapping[str, tuple[Recipe, ...]] = {
    "ai-assistant": (
        Recipe("GET /conversations/{conversation_id}", _conversation),
        Recipe("DELETE /conversations/{conversation_id}", _conversation),
    ),
    "onec-integration": (
        Recipe("GET /companies/{company_id}", _first("/companies", "company_id")),
        Recipe("GET /reports/{report_id}", _first("/reports", "report_id")),
        Recipe("GET /sync/{job_id}", _job, _ANALYSTS),
        Recipe("POST /sync/{job_id}/cancel", _cancelled_job, _ANALYSTS),
        Recipe("POST /sync/{job_id}/resume", _cancelled_job, _ANALYSTS),
    ),
    "user-management": (
        Recipe("POST /auth/login", _login),
        Recipe("POST /auth/refresh", _refresh),
        Recipe("POST /auth/verify-email", _verification),
        Recipe("POST /auth/password/change", _password),
        Recipe("POST /auth/password/reset", _reset),
        Recipe("GET /auth/oidc/callback", _oidc_callback),
        Recipe("GET /users/{user_id}", _user, _ADMINS),
        Recipe("PUT /users/{user_id}/role", _role, _ADMINS),
    ),
    "analytics": (
        Recipe("GET /reports/{report_id}", _report),
        Recipe("DELETE /reports/{report_id}", _report),
        Recipe("GET /dashboards/{dashboard_id}", _first("/dashboards", "dashboard_id")),
    ),
    "security": (
        Recipe("GET /threats/{threat_id}", _first("/threats", "threat_id"), _ANALYSTS),
        Recipe("GET /alerts/{alert_id}", _first("/alerts", "alert_id"), _ANALYSTS),
        Recipe("POST /alerts/{alert_id}/state", _open_alert, _ANALYSTS),
    ),
}


def examples_of(service: str, caller: Caller) -> Examples:
    """The requests of one caller by operation, each with its own objects."""
    made: Examples = {}
    for recipe in RECIPES.get(service, ()):
        if caller.identity.role in recipe.roles:
            method, path = recipe.operation.split(" ")
            made[f"{method} {caller.address_of(path)}"] = asdict(recipe.make(caller))
    return made
