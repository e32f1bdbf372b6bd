"""Accounts of the callers of user-management, created through its endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from uuid import UUID

import httpx

from assistants_testing.smtp import SmtpServer
from assistants_testing.waiting import PATIENCE_SECONDS

from .identities import ADMIN, ANALYST, IDENTITIES
from .mails import link_token
from .servers import Service


@dataclass(frozen=True)
class Accounts:
    """The accounts of all identities, by name."""

    tokens: Mapping[str, str]
    auth: Mapping[str, Mapping[str, object]]
    credentials: Mapping[str, Mapping[str, str]]
    ids: frozenset[UUID]
    url: str

    def log_in(self, name: str) -> str:
        """A token of a session that no other test ends."""
        with httpx.Client(base_url=self.url, timeout=PATIENCE_SECONDS) as client:
            return _token(client, **self.credentials[name])


def register_accounts(service: Service, mail: SmtpServer, login_path: str = "/auth/login") -> Accounts:
    """Register the accounts. `login_path`: path of the login, which differs behind a gateway."""
    password = f"A-{token_hex(12)}"
    emails = {item.name: f"contract-{item.name}@example.com" for item in IDENTITIES}
    with httpx.Client(base_url=service.url, timeout=PATIENCE_SECONDS) as client:
        ids = {name: _register(client, email, password) for name, email in emails.items()}
        for email in emails.values():
            _verify(client, link_token(mail, email, "verify-email"))
        promoted = service.run("promote", emails[ADMIN.name])
        if promoted.returncode:
            raise RuntimeError(f"promote failed:\n{promoted.stdout}{promoted.stderr}")
        client.headers["Authorization"] = f"Bearer {_token(client, emails[ADMIN.name], password)}"
        client.put(f"/users/{ids[ANALYST.name]}/role", json={"role": ANALYST.role.value}).raise_for_status()
        tokens = {name: _token(client, email, password) for name, email in emails.items()}
    return Accounts(
        tokens,
        {name: _login(email, password, login_path) for name, email in emails.items()},
        {name: {"email": email, "password": password} for name, email in emails.items()},
        frozenset(ids.values()),
        service.url,
    )


def _register(client: httpx.Client, email: str, password: str) -> UUID:
    response = client.post("/auth/register", json={"email": email, "password": password})
    return UUID(response.raise_for_status().json()["id"])


def _verify(client: httpx.Client, token: str) -> None:
    client.post("/auth/verify-email", json={"token": token}).raise_for_status()


def _token(client: httpx.Client, email: str, password: str) -> str:
    response = client.post("/auth/login", json={"email": email, "password": password})
    token: str = response.raise_for_status().json()["access_token"]
    return token


def _login(email: str, password: str, path: str) -> dict[str, object]:
    """The login in the format of Web Fuzzing Commons. A run repeats it after a logout."""
    return {
        "loginEndpointAuth": {
            "verb": "POST",
            "endpoint": path,
            "contentType": "application/json",
            "payloadUserPwd": {
                "username": email,
                "usernameField": "email",
                "password": password,
                "passwordField": "password",
            },
            "token": {
                "extractFrom": "body",
                "extractSelector": "/access_token",
                "sendIn": "header",
                "sendName": "Authorization",
                "sendTemplate": "Bearer {token}",
            },
        }
    }
