"""What an installation without a mail server, and without an identity provider, answers."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from user_management.settings import Settings
from user_management_testing import LogIn


async def test_forgot_says_what_to_set(client: httpx.AsyncClient) -> None:
    answer = await client.post("/auth/password/forgot", json={"email": "anna@example.com"})
    assert answer.status_code == 404
    assert "SMTP_HOST" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/auth/oidc/login", "/auth/oidc/callback?state=x&code=y"])
async def test_oidc_says_what_to_set(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "OIDC_ISSUER" in answer.json()["detail"]
    assert "set-cookie" not in answer.headers


async def test_says_that_there_is_no_identity_provider(client: httpx.AsyncClient) -> None:
    assert (await client.get("/sign-in/methods")).json() == {"identity_provider": False}


async def test_accounts_are_usable_at_once(client: httpx.AsyncClient, logged_in: LogIn) -> None:
    tokens = await logged_in()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await client.get(f"/users/{tokens['user_id']}", headers=headers)).json()[
        "email_verified"
    ] is False


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"smtp_host": "mail"}, "PUBLIC_URL"),
        ({"oidc_issuer": "https://id.example.com", "oidc_client_id": "x"}, "PUBLIC_URL"),
        ({"public_url": "https://example.com/"}, "public_url"),
        ({"public_url": "javascript:alert(1)"}, "public_url"),
        ({"oidc_issuer": "ftp://id.example.com"}, "oidc_issuer"),
        (
            {
                "env": "preprod",
                "env_tier": "protected",
                "oidc_issuer": "http://id.example.com",
                "oidc_client_id": "x",
                "public_url": "https://a.example.com",
            },
            "https",
        ),
    ],
)
def test_settings_that_cannot_work_stop_the_start(
    platform_settings: dict[str, Any], values: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Settings.model_validate({**platform_settings, **values})
