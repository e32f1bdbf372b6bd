import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import func, select, text, update

from assistants_common.resources import Resources
from assistants_testing.plugin import PublishedEvents
from user_management.dependencies import Parts
from user_management.models import Identity, User
from user_management_testing import LogIn, Register
from user_management_testing.oidc_provider import OidcProvider, oidc_provider

pytestmark = pytest.mark.usefixtures("clean_tables")

PUBLIC_URL = "https://assistants.example.com"
CLIENT_ID = "assistants & co"
COOKIE = "__Host-oidc"


@pytest.fixture(scope="module")
def _provider() -> Iterator[OidcProvider]:
    with oidc_provider(CLIENT_ID, "client/secret+1", f"{PUBLIC_URL}/auth/oidc/callback") as server:
        yield server


@pytest.fixture(scope="module")
def extra_settings(_provider: OidcProvider) -> dict[str, Any]:
    return {
        "public_url": PUBLIC_URL,
        "oidc_issuer": _provider.issuer,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": _provider.client_secret,
    }


@pytest.fixture
def provider(_provider: OidcProvider, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> OidcProvider:
    """As good as new, and not known yet."""
    _provider.reset()
    monkeypatch.setattr(parts.oidc, "_provider", None)
    monkeypatch.setattr(parts.oidc, "_keys_at", float("-inf"))
    return _provider


@dataclass
class Browser:
    client: httpx.AsyncClient

    async def begin(self, **query: str) -> str:
        """To the provider and back: the path of the callback."""
        answer = await self.client.get("/auth/oidc/login", params=query)
        assert answer.status_code == 303, answer.text
        async with httpx.AsyncClient(trust_env=False) as outside:
            back = (await outside.get(answer.headers["location"])).headers["location"]
        assert back.startswith(f"{PUBLIC_URL}/auth/oidc/callback?")
        return str(back.removeprefix(PUBLIC_URL))

    async def log_in(self, **query: str) -> httpx.Response:
        return await self.client.get(await self.begin(**query))


@pytest.fixture
def browser(client: httpx.AsyncClient, provider: OidcProvider) -> Browser:
    return Browser(client)


@pytest.fixture
def other(other_browser: httpx.AsyncClient) -> Browser:
    return Browser(other_browser)


async def count(resources: Resources, table: type[User | Identity]) -> int:
    async with resources.require_database().session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_says_that_there_is_an_identity_provider(client: httpx.AsyncClient) -> None:
    assert (await client.get("/sign-in/methods")).json() == {"identity_provider": True}


async def test_a_login_makes_an_account_and_the_next_one_finds_it(
    browser: Browser, provider: OidcProvider, resources: Resources, published_events: PublishedEvents
) -> None:
    first = await browser.log_in()
    assert first.status_code == 200, first.text
    assert first.headers["cache-control"] == "no-store"
    tokens = first.json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    user = (await browser.client.get(f"/users/{tokens['user_id']}", headers=headers)).json()
    assert user["email"] == provider.user["email"].lower()
    assert user["email_verified"] is True
    renewed = await browser.client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200

    provider.user["email"] = "renamed@example.com"
    assert (await browser.log_in()).json()["user_id"] == tokens["user_id"]
    assert await count(resources, User) == await count(resources, Identity) == 1
    types = [event["type"] for event in await published_events()]
    assert types == ["user.registered", "user.email_verified", "user.login", "user.login"]


async def test_the_browser_gets_a_cookie_no_script_and_no_other_site_can_use(
    browser: Browser, provider: OidcProvider
) -> None:
    answer = await browser.client.get("/auth/oidc/login")
    name, *attributes = answer.headers["set-cookie"].lower().split("; ")
    assert name.startswith("__host-oidc=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(attributes)
    assert not any(attribute.startswith("domain") for attribute in attributes)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert len({query[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    assert browser.client.cookies[COOKIE] not in answer.headers["location"]
    finished = await browser.log_in()
    assert '__host-oidc=""' in finished.headers["set-cookie"].lower()


async def test_session_fixation_with_the_state_of_another_browser_is_refused(
    browser: Browser, other: Browser, resources: Resources
) -> None:
    """The attacker's callback, opened by the victim, must not log the victim in as the attacker."""
    of_the_attacker = await other.begin()
    await browser.begin()
    assert (await browser.client.get(of_the_attacker)).status_code == 403
    assert await count(resources, User) == 0


async def test_a_callback_without_the_cookie_is_refused(browser: Browser, other: Browser) -> None:
    callback = await browser.begin()
    assert (await other.client.get(callback)).status_code == 403


async def test_a_state_is_good_once(browser: Browser) -> None:
    callback = await browser.begin()
    cookie = browser.client.cookies[COOKIE]
    assert (await browser.client.get(callback)).status_code == 200
    browser.client.cookies.set(COOKIE, cookie)
    assert (await browser.client.get(callback)).status_code == 403


async def test_an_unknown_state_is_refused(browser: Browser, provider: OidcProvider) -> None:
    await browser.begin()
    answer = await browser.client.get("/auth/oidc/callback?state=invented&code=x")
    assert answer.status_code == 403
    assert "/token" not in provider.asked


async def test_the_code_of_another_browser_is_useless(browser: Browser, other: Browser) -> None:
    """PKCE: a code works only with the verifier of the login it was made for."""
    stolen = parse_qs(urlsplit(await other.begin()).query)["code"][0]
    mine = parse_qs(urlsplit(await browser.begin()).query)
    answer = await browser.client.get(
        "/auth/oidc/callback", params={"state": mine["state"][0], "code": stolen}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "query",
    [{"error": "access_denied"}, {}, {"code": "x", "iss": "https://evil.example.com"}, {"code": "unknown"}],
)
async def test_an_answer_that_is_no_yes_is_refused(browser: Browser, query: dict[str, str]) -> None:
    state = parse_qs(urlsplit(await browser.begin()).query)["state"][0]
    answer = await browser.client.get("/auth/oidc/callback", params={"state": state, **query})
    assert answer.status_code == 403


type Change = Callable[[dict[str, Any]], dict[str, Any]]


def _token(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    """By hand: the libraries refuse to make such tokens."""
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
    signature = hmac.digest(secret, ".".join(parts).encode(), "sha256") if secret else b""
    return ".".join([*parts, _base64(signature)])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def replace(**changed: Any) -> Change:  # noqa: ANN401
    def change(claims: dict[str, Any]) -> dict[str, Any]:
        merged = {**claims, **changed}
        return {name: value for name, value in merged.items() if value is not None}

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(replace(nonce="another"), id="nonce mismatch"),
        pytest.param(replace(nonce=None), id="no nonce"),
        pytest.param(replace(iss="https://evil.example.com"), id="wrong issuer"),
        pytest.param(replace(iss=None), id="no issuer"),
        pytest.param(replace(aud="another client"), id="wrong audience"),
        pytest.param(replace(aud=["another client"]), id="wrong audience list"),
        pytest.param(replace(aud=None), id="no audience"),
        pytest.param(replace(aud=[CLIENT_ID, "another"], azp="another"), id="for another party"),
        pytest.param(replace(aud=[CLIENT_ID, "another"]), id="several audiences and no party"),
        pytest.param(replace(exp=1_000_000_000), id="expired"),
        pytest.param(replace(exp=None), id="without end"),
        pytest.param(replace(iat=4_000_000_000), id="from the future"),
        pytest.param(replace(sub=None), id="no subject"),
        pytest.param(replace(sub=""), id="empty subject"),
        pytest.param(replace(sub="x" * 256), id="long subject"),
        pytest.param(replace(sub=7), id="subject of a wrong type"),
    ],
)
async def test_an_id_token_with_wrong_claims_is_refused(
    browser: Browser,
    provider: OidcProvider,
    resources: Resources,
    change: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    provider.change = change
    assert (await browser.log_in()).status_code == 403
    assert await count(resources, User) == 0


async def test_several_audiences_with_our_party_are_good(browser: Browser, provider: OidcProvider) -> None:
    provider.change = replace(aud=[CLIENT_ID, "another"], azp=CLIENT_ID)
    assert (await browser.log_in()).status_code == 200


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_an_id_token_with_algorithm_none_is_refused(
    browser: Browser, provider: OidcProvider, name: str
) -> None:
    provider.sign = lambda claims: _token({"alg": name, "kid": "first"}, claims)
    assert (await browser.log_in()).status_code == 403


async def test_an_id_token_signed_with_the_public_key_as_a_secret_is_refused(
    browser: Browser, provider: OidcProvider
) -> None:
    public = provider.keys[0].as_pem(private=False)
    provider.sign = lambda claims: _token({"alg": "HS256", "kid": "first"}, claims, public)
    assert (await browser.log_in()).status_code == 403


async def test_an_id_token_signed_with_the_client_secret_is_refused(
    browser: Browser, provider: OidcProvider
) -> None:
    secret = provider.client_secret.encode()
    provider.sign = lambda claims: _token({"alg": "HS256"}, claims, secret)
    assert (await browser.log_in()).status_code == 403


async def test_an_id_token_signed_with_another_key_is_refused(
    browser: Browser, provider: OidcProvider
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "first"})
    provider.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, key)
    assert (await browser.log_in()).status_code == 403


async def test_what_is_no_id_token_is_refused(browser: Browser, provider: OidcProvider) -> None:
    for token in ("", "a.b.c", "x"):
        provider.contents = {"/token": json.dumps({"id_token": token}).encode()}
        assert (await browser.log_in()).status_code == 403


async def test_a_new_key_of_the_provider_is_found(
    browser: Browser, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("user_management.oidc._KEYS_RETRY_SECONDS", 0)
    assert (await browser.log_in()).status_code == 200
    provider.keys.insert(0, ECKey.generate_key("P-256", {"kid": "second", "use": "sig"}))
    try:
        assert (await browser.log_in()).status_code == 200
    finally:
        provider.keys.pop(0)


async def test_a_token_that_names_no_key_is_good_when_there_is_one_key(
    browser: Browser, provider: OidcProvider
) -> None:
    provider.sign = lambda claims: jwt.encode({"alg": "RS256"}, claims, provider.keys[0])
    assert (await browser.log_in()).status_code == 200


async def test_keys_are_not_asked_for_at_every_unknown_id(browser: Browser, provider: OidcProvider) -> None:
    key = RSAKey.generate_key(2048, {"kid": "invented"})
    provider.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "invented"}, claims, key)
    for _ in range(3):
        assert (await browser.log_in()).status_code == 403
    assert provider.asked.count("/keys") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 1


async def test_a_confirmed_account_with_the_same_address_is_linked_and_keeps_its_password(
    browser: Browser, registered: Register, provider: OidcProvider, resources: Resources
) -> None:
    body = await registered()
    async with resources.require_database().session() as session:
        await session.execute(update(User).values(email_verified_at=text("now()")))
        await session.commit()
    provider.user["email"] = body["email"].upper()
    by_provider = await browser.log_in()
    by_password = await browser.client.post("/auth/login", json=body)
    assert by_provider.status_code == by_password.status_code == 200
    assert by_provider.json()["user_id"] == by_password.json()["user_id"]


async def test_an_account_nobody_confirmed_is_taken_from_whoever_made_it(
    browser: Browser, logged_in: LogIn, provider: OidcProvider
) -> None:
    """Else an attacker makes an account for somebody's address, and waits in it."""
    attacker = await logged_in()
    provider.user["email"] = attacker["email"]
    owner = await browser.log_in()
    assert owner.json()["user_id"] == attacker["user_id"]
    headers = {"Authorization": f"Bearer {attacker['access_token']}"}
    path = f"/users/{attacker['user_id']}"
    assert (await browser.client.get(path, headers=headers)).status_code == 401
    renewed = await browser.client.post("/auth/refresh", json={"refresh_token": attacker["refresh_token"]})
    assert renewed.status_code == 401
    credentials = {"email": attacker["email"], "password": attacker["password"]}
    assert (await browser.client.post("/auth/login", json=credentials)).status_code == 401
    headers = {"Authorization": f"Bearer {owner.json()['access_token']}"}
    assert (await browser.client.get(path, headers=headers)).status_code == 200


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_the_provider_has_not_verified_links_nothing(
    browser: Browser, registered: Register, provider: OidcProvider, resources: Resources, verified: object
) -> None:
    body = await registered()
    provider.user.update(email=body["email"], email_verified=verified)
    assert (await browser.log_in()).status_code == 403
    assert await count(resources, Identity) == 0
    assert (await browser.client.post("/auth/login", json=body)).status_code == 200


@pytest.mark.parametrize("email", [None, "", "no-address", "a@b.example.com\r\nBcc: x@example.com", 7])
async def test_an_address_that_is_none_makes_no_account(
    browser: Browser, provider: OidcProvider, resources: Resources, email: object
) -> None:
    provider.user["email"] = email
    assert (await browser.log_in()).status_code == 403
    assert await count(resources, User) == 0


async def test_two_first_logins_at_once_make_one_account(
    browser: Browser, other: Browser, resources: Resources
) -> None:
    callbacks = [await browser.begin(), await other.begin()]
    answers = await asyncio.gather(browser.client.get(callbacks[0]), other.client.get(callbacks[1]))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    assert await count(resources, User) == await count(resources, Identity) == 1


async def test_the_browser_can_return_to_a_page_of_the_site(browser: Browser) -> None:
    answer = await browser.log_in(next="/reports/7?tab=costs")
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(f"{PUBLIC_URL}/reports/7?tab=costs#refresh_token=")
    renewed = await browser.client.post(
        "/auth/refresh", json={"refresh_token": location.partition("=costs#refresh_token=")[2]}
    )
    assert renewed.status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "///evil.example.com",
        "javascript:alert(1)",
        "evil.example.com",
        "@evil.example.com",
        ".evil.example.com",
        "/a\r\nLocation: https://evil.example.com",
        "/a#fragment",
        "",
        " /a",
        "/\0",
    ],
)
async def test_open_redirect_no_next_leaves_the_site(browser: Browser, target: str) -> None:
    answer = await browser.client.get("/auth/oidc/login", params={"next": target})
    assert answer.status_code == 422
    assert "location" not in answer.headers


@pytest.mark.parametrize("target", ["/@evil.example.com", "/%2f%2fevil.example.com", "/a//b", "/"])
async def test_open_redirect_odd_paths_stay_on_the_site(browser: Browser, target: str) -> None:
    location = urlsplit((await browser.log_in(next=target)).headers["location"])
    assert f"{location.scheme}://{location.netloc}" == PUBLIC_URL


async def test_open_redirect_the_callback_takes_no_next(browser: Browser) -> None:
    answer = await browser.client.get(f"{await browser.begin()}&next=https://evil.example.com")
    assert answer.status_code == 200
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("metadata", "statuses"),
    [
        ({}, {"/.well-known/openid-configuration": 500}),
        ({}, {"/.well-known/openid-configuration": 404}),
        ({"issuer": "https://evil.example.com"}, {}),
        ({"token_endpoint": None}, {}),
        ({"authorization_endpoint": "javascript:alert(1)"}, {}),
    ],
)
async def test_a_provider_that_cannot_be_used_is_503(
    browser: Browser, provider: OidcProvider, metadata: dict[str, Any], statuses: dict[str, int]
) -> None:
    provider.metadata, provider.statuses = metadata, statuses
    answer = await browser.client.get("/auth/oidc/login")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    provider.metadata, provider.statuses = {}, {}
    assert (await browser.log_in()).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/token", 500), ("/keys", 502), ("/keys", 404)])
async def test_a_provider_that_fails_half_way_is_503(
    browser: Browser, provider: OidcProvider, path: str, status: int
) -> None:
    callback = await browser.begin()
    provider.statuses = {path: status}
    assert (await browser.client.get(callback)).status_code == 503


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"keys": {}}', b"\xff"])
async def test_a_key_set_that_is_none_is_503(
    browser: Browser, provider: OidcProvider, content: bytes
) -> None:
    provider.contents = {"/keys": content}
    assert (await browser.log_in()).status_code == 503


async def test_an_answer_without_an_id_token_is_refused(browser: Browser, provider: OidcProvider) -> None:
    provider.contents = {"/token": b'{"access_token": "x"}'}
    assert (await browser.log_in()).status_code == 403


async def test_a_provider_that_is_not_there_is_503(browser: Browser, provider: OidcProvider) -> None:
    callback = await browser.begin()
    provider.statuses = {"/token": 0}
    assert (await browser.client.get(callback)).status_code == 503


async def test_a_public_client_or_one_that_posts_its_secret(browser: Browser, provider: OidcProvider) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.log_in()).status_code == 200


async def test_nobody_is_logged_in_by_an_address_of_another_users_identity(
    browser: Browser, provider: OidcProvider
) -> None:
    """The subject counts, whatever address it had before."""
    mine = (await browser.log_in()).json()["user_id"]
    provider.user = {"sub": uuid4().hex, "email": "another@example.com", "email_verified": True}
    assert (await browser.log_in()).json()["user_id"] != mine
