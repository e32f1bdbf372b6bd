from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, Field, ValidationError

from assistants_common.app import create_app
from assistants_common.settings import ServiceSettings
from assistants_testing.plugin import running

PREFIX = "/sample"


router = APIRouter()


class Note(BaseModel):
    text: str = Field(min_length=3)


@router.get("/items/{item_id}")
async def item(item_id: str) -> dict[str, str]:
    return {"id": item_id}


@router.post("/notes")
async def add_note(note: Note) -> Note:
    return note


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = ServiceSettings.model_validate({**platform_settings, "path_prefix": PREFIX})
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[router])
    async with running(application):
        yield application


@pytest.mark.parametrize("path", ["/items/7", f"{PREFIX}/items/7"])
async def test_a_path_is_served_with_the_prefix_and_without(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json()["id"] == "7"


@pytest.mark.parametrize(
    "path", [PREFIX, f"{PREFIX}/", f"{PREFIX}s/items/7", f"{PREFIX}{PREFIX}/items/7", f"/x{PREFIX}/items/7"]
)
async def test_nothing_else_is_a_way_to_it(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_what_is_told_of_a_request_has_the_path_of_its_client(client: httpx.AsyncClient) -> None:
    refused = await client.post(f"{PREFIX}/notes", json={"text": "x"})
    behind = await client.post("/notes", json={"text": "x"}, headers={"X-Forwarded-Prefix": "/api/sample"})
    assert refused.json()["instance"] == f"{PREFIX}/notes"
    assert behind.json()["instance"] == "/api/sample/notes"
    document = await client.get(f"{PREFIX}/openapi.json")
    assert document.json()["servers"] == [{"url": "."}]


async def test_a_path_that_a_proxy_has_judged_is_not_cut_again(client: httpx.AsyncClient) -> None:
    headers = {"X-Forwarded-Prefix": "/api/sample"}
    assert (await client.get(f"{PREFIX}/items/7", headers=headers)).status_code == 404
    assert (await client.get("/items/7", headers=headers)).status_code == 200


@pytest.mark.parametrize("prefix", ["//evil.example", "https://evil.example", "/a/../b", "/" + "x" * 3000])
async def test_a_forged_prefix_is_not_repeated(client: httpx.AsyncClient, prefix: str) -> None:
    answer = await client.post("/notes", json={"text": "x"}, headers={"X-Forwarded-Prefix": prefix})
    assert answer.json()["instance"] == "/notes"


@pytest.mark.parametrize("path", ["/live", f"{PREFIX}/live"])
async def test_the_operators_path_is_known_by_both_names(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {"status": "ok"}


def test_a_prefix_that_is_no_path_is_refused(platform_settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="path_prefix"):
        ServiceSettings.model_validate({**platform_settings, "path_prefix": "sample/"})


def test_ranges_of_proxies_are_read_from_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32")
    assert [str(network) for network in ServiceSettings().trusted_proxies] == ["10.0.0.0/8", "2001:db8::/32"]
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.1/8")
    with pytest.raises(ValidationError, match="host bits"):
        ServiceSettings()
