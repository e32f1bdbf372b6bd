"""What holds for the application of every Python service, whatever its endpoints."""

import re
from pkgutil import resolve_name
from secrets import token_hex
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from assistants_testing.processes import free_port
from contract_testing.targets import TARGETS

PACKAGES = [name.replace("-", "_") for name in TARGETS if name != "api-gateway"]
type Operation = tuple[str, str, dict[str, Any]]

_ID = "00000000-0000-4000-8000-000000000000"
PREFIX = "https://platform.example.com/some/prefix"


@pytest.fixture(params=PACKAGES)
def app(request: pytest.FixtureRequest) -> FastAPI:
    """With stores that are not there: nothing that is asked here needs them."""
    settings = resolve_name(f"{request.param}.settings:Settings")(
        jwt_secret_key=token_hex(32),
        redis_port=free_port(),
        postgres_port=free_port(),
        postgres_db="none",
        postgres_user="missing",
        postgres_password="none",
    )
    application: FastAPI = resolve_name(f"{request.param}.app:build_app")(settings)
    return application


@pytest.fixture
def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hop.internal")


@pytest.fixture
def operations(app: FastAPI) -> list[Operation]:
    found = [
        (method.upper(), re.sub(r"\{[^}]*\}", _ID, path), operation)
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
    ]
    assert len(found) >= 5
    return found


async def test_every_body_is_looked_through_for_text_that_cannot_be_encoded(
    client: httpx.AsyncClient, operations: list[Operation]
) -> None:
    with_body = [(method, path) for method, path, operation in operations if "requestBody" in operation]
    assert with_body
    for method, path in with_body:
        headers = {"Content-Type": "application/json"}
        answer = await client.request(method, path, content=b'{"x": "\\ud800"}', headers=headers)
        assert answer.status_code == 422, (method, path)
        assert [error["code"] for error in answer.json()["errors"]] == ["string_unicode"]


async def test_no_path_is_redirected_to_an_address_the_client_may_not_know(
    client: httpx.AsyncClient, operations: list[Operation]
) -> None:
    for method, path, _ in operations:
        answer = await client.request(method, f"{path}/")
        assert answer.status_code == 404, (method, path)
        assert "location" not in answer.headers


async def test_the_description_is_right_under_every_prefix(client: httpx.AsyncClient) -> None:
    document: dict[str, Any] = (await client.get("/openapi.json")).json()
    (server,) = document["servers"]
    base = httpx.URL(f"{PREFIX}/openapi.json").join(server["url"])
    assert str(base).rstrip("/") == PREFIX
