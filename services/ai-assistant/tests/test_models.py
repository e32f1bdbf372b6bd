from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai_assistant.app import build_app
from ai_assistant.settings import Settings
from ai_assistant_testing.stand_in import StandIn
from assistants_testing.plugin import AuthHeaders, running


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """New for every test: it keeps the lists of the providers."""
    async with running(build_app(settings)) as application:
        yield application


async def test_lists_the_allowed_models_of_both(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    answer = await client.get("/models", headers=auth_headers())
    assert answer.json() == {
        "items": [
            {"id": "claude-sonnet-5", "provider": "anthropic"},
            {"id": "gpt-5.4-mini", "provider": "openai"},
            {"id": "gpt-5.5", "provider": "openai"},
        ],
        "total": 3,
        "limit": 50,
        "offset": 0,
        "default": "gpt-5.5",
        "unavailable_providers": [],
        "simulated": False,
    }
    page = (await client.get("/models?limit=1&offset=1", headers=auth_headers())).json()
    assert ([item["id"] for item in page["items"]], page["total"]) == (["gpt-5.4-mini"], 3)
    assert len(stand_in.requests) == 2


async def test_a_provider_that_fails_is_named(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.failing_models = {"openai"}
    answer = (await client.get("/models", headers=auth_headers())).json()
    assert [item["id"] for item in answer["items"]] == ["claude-sonnet-5"]
    assert answer["unavailable_providers"] == ["openai"]
    stand_in.failing_models = {"openai", "anthropic"}
    stand_in.requests.clear()
    assert (await client.get("/models", headers=auth_headers())).status_code == 200
    assert len(stand_in.requests) == 1


async def test_when_all_fail_the_list_fails(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    stand_in.failing_models = {"openai", "anthropic"}
    assert (await client.get("/models", headers=auth_headers())).status_code == 503


async def test_without_keys_the_setting_is_named(
    platform_settings: dict[str, Any], auth_headers: AuthHeaders
) -> None:
    settings = Settings.model_validate({**platform_settings, "openai_api_key": " "})
    async with running(build_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            for model, setting in (("gpt-5.5", "OPENAI_API_KEY"), ("claude-sonnet-5", "ANTHROPIC_API_KEY")):
                for stream in (False, True):
                    body = {"message": "Hi", "model": model, "stream": stream}
                    answer = await client.post("/chat", json=body, headers=auth_headers())
                    assert answer.status_code == 503
                    assert f"set {setting}" in answer.json()["detail"]
            models = await client.get("/models", headers=auth_headers())
            assert models.status_code == 503
            assert "OPENAI_API_KEY or ANTHROPIC_API_KEY" in models.json()["detail"]
            assert (await client.get("/health")).status_code == 200


async def test_the_document_describes_the_stream(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    content = document["paths"]["/chat"]["post"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    stream = content["text/event-stream"]
    assert "event: done" in stream["example"]
    events = {event["properties"]["event"]["const"]: event for event in stream["itemSchema"]["oneOf"]}
    assert set(events) == {"delta", "done", "error"}
    done = events["done"]["properties"]["data"]["contentSchema"]
    assert done["properties"]["usage"] == {"$ref": "#/components/schemas/UsageView"}
    for name in ("UsageView", "FinishReason", "Problem"):
        assert name in document["components"]["schemas"]
