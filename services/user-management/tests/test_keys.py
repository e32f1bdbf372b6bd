import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt as pyjwt
import pytest
from fastapi import FastAPI

from assistants_testing.keys import private_key, private_pem
from assistants_testing.plugin import running
from user_management.app import build_app
from user_management.settings import Settings


@pytest.fixture
async def signing(platform_settings: dict[str, Any], algorithm: str) -> AsyncIterator[FastAPI]:
    keys = private_pem(private_key(algorithm, 0), private_key(algorithm, 1))
    values = {**platform_settings, "jwt_algorithm": algorithm, "jwt_private_key": keys, "jwt_secret_key": ""}
    settings = Settings.model_validate({**values, "argon2_memory_kib": 19 * 1024})
    async with running(build_app(settings)) as application:
        yield application


async def test_there_are_no_public_keys_for_a_shared_secret(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/jwks.json")
    assert (answer.status_code, answer.json()) == (200, {"keys": []})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_anyone_can_verify_tokens_with_the_published_keys(signing: FastAPI, algorithm: str) -> None:
    transport = httpx.ASGITransport(app=signing)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
        published = await client.get("/.well-known/jwks.json")
        body = {"email": f"{algorithm}@example.com", "password": "correct horse battery"}
        await client.post("/auth/register", json=body)
        tokens = (await client.post("/auth/login", json=body)).json()
    assert published.headers["cache-control"] == "public, max-age=300"
    keys = published.json()["keys"]
    assert len(keys) == 2
    assert all({"d", "p", "q", "k"}.isdisjoint(key) for key in keys)
    key_id = pyjwt.get_unverified_header(tokens["access_token"])["kid"]
    found = next(key for key in keys if key["kid"] == key_id)
    claims = pyjwt.decode(
        tokens["access_token"],
        pyjwt.PyJWK.from_json(json.dumps(found)),
        [algorithm],
        audience="ai-assistants",
    )
    assert claims["sub"] == tokens["user_id"]
    assert claims["sid"]
