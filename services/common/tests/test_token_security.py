"""Attacks with tokens, under each of the algorithms."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.auth import CurrentUser
from assistants_common.settings import ServiceSettings
from assistants_common.signing_keys import load_signing_keys
from assistants_common.tokens import InvalidTokenError, Role, TokenService
from assistants_testing.key_server import PATH, KeyServer, key_server
from assistants_testing.keys import private_key, private_pem, public_pem
from assistants_testing.plugin import running

ALGORITHMS = ["HS256", "RS256", "ES256"]
SECRET = "s" * 64
TRICKY_KEY_IDS = [
    "../../../../dev/null",
    "/dev/null",
    "/proc/self/environ",
    "http://127.0.0.1:1/jwks.json",
    "' UNION SELECT 'secret' --",
    "x'; DROP TABLE keys; --",
    "",
    "unknown",
    "a" * 10_000,
    None,
    7,
    ["unknown"],
    {"kid": "unknown"},
]


@pytest.fixture(scope="module")
def keys() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


@pytest.fixture(scope="module", params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def issuer(algorithm: str, keys: KeyServer) -> TokenService:
    """The tokens of the service that issues them, whose public keys are published."""
    settings = ServiceSettings.model_validate(
        {
            "jwt_algorithm": algorithm,
            "jwt_secret_key": SECRET,
            "jwt_private_key": None if algorithm == "HS256" else private_pem(private_key(algorithm)),
        }
    )
    service = TokenService(settings)
    keys.publish(*service.jwks()["keys"])
    return service


@pytest.fixture(scope="module")
async def app(
    platform_settings: dict[str, Any], algorithm: str, keys: KeyServer, issuer: TokenService
) -> AsyncIterator[FastAPI]:
    """A service that only verifies."""
    changes = {"jwt_algorithm": algorithm, "jwt_secret_key": SECRET, "jwt_jwks_url": keys.url}
    settings = ServiceSettings.model_validate({**platform_settings, **changes})
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])

    @application.get("/me")
    async def me(caller: CurrentUser) -> dict[str, Any]:
        return {"id": caller.user_id, "role": caller.role, "session": caller.session_id}

    async with running(application):
        yield application


def claims(**changes: object) -> dict[str, Any]:
    now = datetime.now(UTC)
    good = {
        "iss": "ai-assistants",
        "aud": "ai-assistants",
        "sub": str(uuid4()),
        "role": "admin",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": uuid4().hex,
    }
    return {**good, **changes}


def key_id(algorithm: str) -> str:
    return load_signing_keys(private_pem(private_key(algorithm)), algorithm)[0].key_id


def signed(algorithm: str, headers: dict[str, Any] | None = None, **changes: object) -> str:
    """A token with the right key, and any claims and headers."""
    if algorithm == "HS256":
        return jwt.encode(claims(**changes), SECRET, algorithm="HS256", headers=headers)
    good = {"kid": key_id(algorithm), **(headers or {})}
    return jwt.encode(claims(**changes), private_key(algorithm), algorithm=algorithm, headers=good)


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def handmade(header: dict[str, Any], key: bytes) -> str:
    """A token PyJWT would refuse to make: any header, signed with HMAC."""
    now = int(datetime.now(UTC).timestamp())
    content = f"{encoded(header)}.{encoded(claims(iat=now, exp=now + 300))}"
    signature = hmac.digest(key, content.encode(), hashlib.sha256)
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def refused(client: httpx.AsyncClient, token: str) -> bool:
    answer = await client.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code == 401


async def test_an_issued_token_names_user_role_and_session(
    client: httpx.AsyncClient, issuer: TokenService
) -> None:
    user, session = uuid4(), uuid4()
    for session_id in (session, None):
        token = issuer.issue(user, Role.ANALYST, session_id=session_id)
        answer = await client.get("/me", headers={"Authorization": f"Bearer {token.value}"})
        expected = str(session_id) if session_id else None
        assert answer.json() == {"id": str(user), "role": "analyst", "session": expected}
    assert (await issuer.verify(token.value)).user_id == user


async def test_alg_none_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    assert not await refused(client, signed(algorithm))
    assert await refused(client, jwt.encode(claims(), "", algorithm="none"))
    for name in ("none", "None", "NONE", "nOnE"):
        header = {"alg": name, "typ": "JWT", "kid": "x" if algorithm == "HS256" else key_id(algorithm)}
        unsigned = handmade(header, b"").rpartition(".")[0]
        assert await refused(client, f"{unsigned}.")
        assert await refused(client, unsigned)


async def test_hs256_signed_with_the_public_key_is_refused(
    client: httpx.AsyncClient, algorithm: str, keys: KeyServer
) -> None:
    for kind in ("RS256", "ES256"):
        public = private_key(kind).public_key()
        variants = [public_pem(public), public_pem(public).strip(), keys.body.decode()]
        for text in variants:
            header = {"alg": "HS256", "typ": "JWT", "kid": key_id(kind)}
            assert await refused(client, handmade(header, text.encode()))
            assert await refused(client, handmade({**header, "alg": algorithm}, text.encode()))


async def test_another_algorithm_or_key_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    headers = {"kid": "x" if algorithm == "HS256" else key_id(algorithm)}
    tokens = [jwt.encode(claims(), "o" * 64, algorithm="HS256", headers=headers)]
    for other in ("RS256", "ES256"):
        tokens.append(jwt.encode(claims(), private_key(other, 1), algorithm=other, headers=headers))
        if other != algorithm:
            tokens.append(signed(other))
    if algorithm == "RS256":
        tokens.append(jwt.encode(claims(), private_key("RS256"), algorithm="RS512", headers=headers))
        tokens.append(jwt.encode(claims(), private_key("RS256"), algorithm="PS256", headers=headers))
    if algorithm == "HS256":
        tokens.append(jwt.encode(claims(), SECRET, algorithm="HS512"))
    else:
        tokens.append(jwt.encode(claims(), SECRET, algorithm="HS256", headers=headers))
    for token in tokens:
        assert await refused(client, token)


async def test_a_wrong_issuer_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    for issuer in ("someone", "AI-ASSISTANTS", "", "ai-assistants ", ["ai-assistants"]):
        try:
            token = signed(algorithm, iss=issuer)
        except TypeError:  # PyJWT does not make a token whose issuer is no text
            now = int(datetime.now(UTC).timestamp())
            parts = signed(algorithm).split(".")
            token = f"{parts[0]}.{encoded(claims(iss=issuer, iat=now, exp=now + 300))}.{parts[2]}"
        assert await refused(client, token)


async def test_a_wrong_audience_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    for audience in ("else", "", ["else", "other"], [], None):
        assert await refused(client, signed(algorithm, aud=audience))


@pytest.mark.parametrize("tricky", TRICKY_KEY_IDS)
async def test_a_kid_is_never_a_path_an_address_or_a_query(
    client: httpx.AsyncClient, algorithm: str, keys: KeyServer, tricky: object
) -> None:
    header = {"alg": algorithm, "typ": "JWT", "kid": tricky}
    # /dev/null and an empty key file would make the empty key the right one.
    for key in (b"", b"secret", b"\x00"):
        assert await refused(client, handmade(header, key))
    if algorithm != "HS256":
        header["alg"] = "HS256"
        assert await refused(client, handmade(header, b""))
    assert set(keys.paths) <= {PATH}


async def test_keys_and_addresses_in_the_token_are_ignored(
    client: httpx.AsyncClient, algorithm: str, keys: KeyServer
) -> None:
    own = private_key("RS256", 1)
    (mine,) = load_signing_keys(private_pem(own), "RS256")
    asked = len(keys.paths)
    headers = {"kid": mine.key_id, "jwk": mine.jwk, "jku": f"{keys.url}/mine", "x5u": f"{keys.url}/mine"}
    assert await refused(client, jwt.encode(claims(), own, algorithm="RS256", headers=headers))
    assert all(path == PATH for path in keys.paths[asked:])


async def test_an_expired_token_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    now = datetime.now(UTC)
    assert await refused(client, signed(algorithm, exp=now - timedelta(seconds=31)))
    assert not await refused(client, signed(algorithm, exp=now - timedelta(seconds=10)))
    assert await refused(client, signed(algorithm, exp="never"))


async def test_a_token_that_is_not_yet_valid_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    later = datetime.now(UTC) + timedelta(minutes=10)
    assert await refused(client, signed(algorithm, nbf=later))
    assert await refused(client, signed(algorithm, iat=later))


async def test_a_changed_token_is_refused(client: httpx.AsyncClient, algorithm: str) -> None:
    header, content, signature = signed(algorithm, role="user").split(".")
    _, other, _ = signed(algorithm, role="admin").split(".")
    assert await refused(client, f"{header}.{other}.{signature}")
    assert await refused(client, f"{header}.{content}.")
    assert await refused(client, f"{header}.{content}.{signature[:-8]}AAAAAAAA")
    assert await refused(client, f"{header}.{content}.{signature}.{signature}")


async def test_the_published_keys_hold_nothing_private(issuer: TokenService, algorithm: str) -> None:
    published = issuer.jwks()["keys"]
    public = {"RS256": {"kty", "n", "e"}, "ES256": {"kty", "crv", "x", "y"}}
    assert [set(key) for key in published] == (
        [] if algorithm == "HS256" else [public[algorithm] | {"kid", "use", "alg"}]
    )


@pytest.mark.parametrize("algorithm_of_keys", ["RS256", "ES256"])
async def test_a_key_is_replaced_without_a_gap(algorithm_of_keys: str) -> None:
    old, new = private_key(algorithm_of_keys), private_key(algorithm_of_keys, 1)

    def service(*keys: Any) -> TokenService:  # noqa: ANN401 - a private key of either kind
        pem = private_pem(*keys)
        return TokenService(
            ServiceSettings.model_validate({"jwt_algorithm": algorithm_of_keys, "jwt_private_key": pem})
        )

    before, during, after = service(old), service(new, old), service(new)
    user = uuid4()
    of_old, of_new = before.issue(user, Role.USER).value, during.issue(user, Role.USER).value
    assert (await during.verify(of_old)).user_id == (await after.verify(of_new)).user_id == user
    assert [key["kid"] for key in during.jwks()["keys"]] == [
        after.jwks()["keys"][0]["kid"],
        before.jwks()["keys"][0]["kid"],
    ]
    for token in (of_old, before.issue(user, Role.USER).value):
        with pytest.raises(InvalidTokenError):
            await after.verify(token)


def test_a_service_without_the_private_key_issues_nothing() -> None:
    settings = ServiceSettings.model_validate(
        {"jwt_algorithm": "RS256", "jwt_jwks_url": "http://users.test/jwks"}
    )
    with pytest.raises(RuntimeError, match="JWT_PRIVATE_KEY"):
        TokenService(settings).issue(uuid4(), Role.USER)
