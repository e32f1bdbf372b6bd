import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.auth import CurrentUser
from assistants_common.key_set import (
    FRESH_SECONDS,
    RETRY_SECONDS,
    KeysUnavailableError,
    RemoteKeySet,
)
from assistants_common.settings import ServiceSettings
from assistants_common.signing_keys import load_signing_keys
from assistants_common.tokens import Role, TokenService
from assistants_testing.key_server import PATH, KeyServer, key_server
from assistants_testing.keys import private_key, private_pem
from assistants_testing.processes import free_port
from assistants_testing.waiting import patience, until

FIRST, SECOND = (
    load_signing_keys(private_pem(private_key("RS256"), private_key("RS256", 1)), "RS256")[number]
    for number in (0, 1)
)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.publish(FIRST.jwk)
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(server: KeyServer, clock: Clock) -> RemoteKeySet:
    return RemoteKeySet(server.url, "RS256", clock)


async def test_the_set_is_read_once_and_kept_for_ten_minutes(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    found = await asyncio.gather(*(keys.find(FIRST.key_id) for _ in range(20)))
    assert all(key == FIRST.public_key for key in found)
    clock.now += FRESH_SECONDS - 1
    assert await keys.find(FIRST.key_id)
    assert server.paths == [PATH]
    clock.now += 1
    assert await keys.find(FIRST.key_id)
    assert server.paths == [PATH, PATH]


async def test_an_unknown_key_is_looked_for_at_most_every_30_seconds(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    assert await keys.find(FIRST.key_id)
    server.publish(FIRST.jwk, SECOND.jwk)
    for _ in range(50):
        assert await keys.find(SECOND.key_id) is None
    assert server.paths == [PATH]
    clock.now += RETRY_SECONDS
    assert await keys.find(SECOND.key_id) == SECOND.public_key
    for number in range(50):
        assert await keys.find(f"invented-{number}") is None
    assert server.paths == [PATH, PATH]


async def test_a_key_taken_out_of_the_set_is_not_known_any_more(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    assert await keys.find(FIRST.key_id)
    server.publish(SECOND.jwk)
    clock.now += FRESH_SECONDS
    assert await keys.find(FIRST.key_id) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b"{}"),
        (302, b"{}"),
        (200, b"not JSON"),
        (200, b"[]"),
        (200, b'{"keys": {}}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [' + b" " * 300_000 + b"]}"),
    ],
)
async def test_keys_stay_good_when_the_set_cannot_be_read(
    keys: RemoteKeySet, server: KeyServer, clock: Clock, status: int, body: bytes
) -> None:
    assert await keys.find(FIRST.key_id)
    server.status, server.body = status, body
    server.headers = {"Location": server.url} if status == 302 else {}
    clock.now += FRESH_SECONDS
    for _ in range(5):
        assert await keys.find(FIRST.key_id) == FIRST.public_key
        assert await keys.find("unknown") is None
    assert server.paths == [PATH, PATH]
    server.publish(SECOND.jwk)
    clock.now += RETRY_SECONDS
    assert await keys.find(SECOND.key_id) == SECOND.public_key


async def test_requests_do_not_wait_for_a_slow_set_they_do_not_need(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    assert await keys.find(FIRST.key_id)
    clock.now += FRESH_SECONDS
    server.gate.clear()
    reader = asyncio.create_task(keys.find(FIRST.key_id))
    await until(lambda: len(server.paths) == 2)
    async with patience():
        assert await keys.find(FIRST.key_id) == FIRST.public_key
    assert not reader.done()
    server.gate.set()
    assert await reader == FIRST.public_key


async def test_without_any_set_nothing_can_be_said(clock: Clock, server: KeyServer) -> None:
    keys = RemoteKeySet(f"http://127.0.0.1:{free_port()}/jwks.json", "RS256", clock)
    with pytest.raises(KeysUnavailableError):
        await keys.find(FIRST.key_id)


async def test_a_set_that_comes_late_is_found_within_a_second(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.status = 503
    for _ in range(5):
        with pytest.raises(KeysUnavailableError):
            await keys.find(FIRST.key_id)
    assert server.paths == [PATH]
    server.publish(FIRST.jwk)
    clock.now += 1
    assert await keys.find(FIRST.key_id) == FIRST.public_key


def changed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members are of any type
    return {**SECOND.jwk, **changes}


def jwk_of(key: Any, algorithm: str) -> dict[str, Any]:  # noqa: ANN401 - a private key of either kind
    return load_signing_keys(private_pem(key), algorithm)[0].jwk


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        {},
        changed(kid=7),
        changed(use="enc"),
        changed(alg="RS512"),
        changed(n="not base64!"),
        changed(kty="oct", k="c2VjcmV0"),
        changed(kty="EC"),
        {"kid": SECOND.key_id, "kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
        {**jwk_of(private_key("ES256"), "ES256"), "kid": SECOND.key_id},
        {**jwk_of(private_key("ES256"), "ES256"), "kid": SECOND.key_id, "alg": "RS256"},
        {name: value for name, value in SECOND.jwk.items() if name != "kid"},
    ],
)
async def test_entries_of_another_kind_are_left_out(
    keys: RemoteKeySet, server: KeyServer, entry: object
) -> None:
    server.body = httpx.Request("POST", server.url, json={"keys": [entry, FIRST.jwk]}).content
    assert await keys.find(SECOND.key_id) is None
    assert await keys.find(FIRST.key_id) == FIRST.public_key


async def test_a_request_whose_token_cannot_be_checked_is_answered_with_503(
    platform_settings: dict[str, Any],
) -> None:
    pem = private_pem(private_key("ES256"))
    issuer = TokenService(ServiceSettings.model_validate({"jwt_algorithm": "ES256", "jwt_private_key": pem}))
    changes = {"jwt_algorithm": "ES256", "jwt_jwks_url": f"http://127.0.0.1:{free_port()}/keys"}
    settings = ServiceSettings.model_validate({**platform_settings, **changes})
    app: FastAPI = create_app("sample", settings, title="Sample", description="For tests.", routers=[])

    @app.get("/me")
    async def me(caller: CurrentUser) -> str:
        return caller.role

    headers = {"Authorization": f"Bearer {issuer.issue(uuid4(), Role.USER).value}"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        answer = await client.get("/me", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("algorithm", "pem", "message"),
    [
        ("RS256", "nothing", "no private key"),
        ("RS256", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "cannot be read"),
        ("RS256", private_pem(private_key("ES256")), "RSA keys"),
        ("ES256", private_pem(private_key("RS256")), "EC keys"),
        ("ES256", private_pem(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        ("RS256", private_pem(rsa.generate_private_key(65537, 1024)), "2048 bits"),  # noqa: S505 - the point
    ],
)
def test_keys_that_do_not_fit_are_refused_at_the_start(algorithm: str, pem: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        ServiceSettings.model_validate({"jwt_algorithm": algorithm, "jwt_private_key": pem})
    assert "PRIVATE KEY-----" not in str(caught.value)
