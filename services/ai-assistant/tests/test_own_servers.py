"""Servers of one's own, as docs/models.md describes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from ai_assistant.app import build_app
from ai_assistant.providers.addresses import anthropic_base, openai_base
from ai_assistant.settings import Settings
from ai_assistant_testing.behaviours import Behaviours
from ai_assistant_testing.serving import serving
from ai_assistant_testing.stand_in import Failure, StandIn
from assistants_testing.plugin import AuthHeaders, running

MODEL = "qwen3:8b"


@pytest.fixture(scope="module")
async def own_server() -> AsyncIterator[tuple[StandIn, str]]:
    """Takes any key, as a server without one does, and answers with what was said."""
    stand_in = StandIn(Behaviours(0, 0).choose)
    async with serving(stand_in.app) as url:
        yield stand_in, url


@asynccontextmanager
async def client_with(
    platform_settings: dict[str, Any], **values: object
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.model_validate({**platform_settings, "ai_timeout_seconds": 60, **values})
    async with running(build_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service.test", timeout=60
        ) as client:
            yield client


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
@pytest.mark.parametrize("key", [None, "dummy"])
async def test_the_documented_configuration(
    platform_settings: dict[str, Any],
    own_server: tuple[StandIn, str],
    auth_headers: AuthHeaders,
    path: str,
    key: str | None,
) -> None:
    """OPENAI_BASE_URL with or without /v1, no key or a dummy, AI_MODEL and AI_ALLOWED_MODELS."""
    stand_in, url = own_server
    stand_in.requests.clear()
    values = {
        "openai_base_url": url + path,
        "openai_api_key": key,
        "ai_model": MODEL,
        "ai_allowed_models": "qwen*,gpt-*",
    }
    async with client_with(platform_settings, **values) as client:
        answer = await client.post("/chat", json={"message": "Hi there"}, headers=auth_headers())
        models = (await client.get("/models", headers=auth_headers())).json()
        refused = await client.post(
            "/chat", json={"message": "Hi", "model": "llama3"}, headers=auth_headers()
        )
    assert (answer.status_code, answer.json()["message"], answer.json()["model"]) == (200, "Hi there", MODEL)
    assert [request.path for request in stand_in.requests] == ["/v1/chat/completions", "/v1/models"]
    assert models["default"] == MODEL
    assert "gpt-5.5" in [item["id"] for item in models["items"]]
    assert refused.status_code == 403


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/messages"])
async def test_anthropics_interface_of_ones_own(
    platform_settings: dict[str, Any], own_server: tuple[StandIn, str], auth_headers: AuthHeaders, path: str
) -> None:
    stand_in, url = own_server
    stand_in.requests.clear()
    values = {"anthropic_base_url": url + path, "ai_model": MODEL}
    async with client_with(platform_settings, **values) as client:
        answer = await client.post("/chat", json={"message": "Hi there"}, headers=auth_headers())
    assert (answer.status_code, answer.json()["message"]) == (200, "Hi there")
    assert [request.path for request in stand_in.requests] == ["/v1/messages"]


async def test_a_gateway_has_the_models_of_other_providers_too(
    platform_settings: dict[str, Any], own_server: tuple[StandIn, str], auth_headers: AuthHeaders
) -> None:
    async with client_with(platform_settings, openai_base_url=own_server[1]) as client:
        body = {"message": "Hi there", "model": "claude-sonnet-5"}
        answer = await client.post("/chat", json=body, headers=auth_headers())
    assert (answer.status_code, answer.json()["message"]) == (200, "Hi there")


async def test_a_provider_itself_is_asked_for_its_own_models_only(
    platform_settings: dict[str, Any], auth_headers: AuthHeaders
) -> None:
    async with client_with(platform_settings, openai_api_key="sk-any") as client:
        body = {"message": "Hi", "model": "claude-sonnet-5"}
        answer = await client.post("/chat", json=body, headers=auth_headers())
    assert answer.status_code == 503
    assert "set ANTHROPIC_API_KEY" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("url", "openai", "anthropic"),
    [
        ("http://ollama:11434", "http://ollama:11434/v1", "http://ollama:11434"),
        ("http://vllm:8000/v1", "http://vllm:8000/v1", "http://vllm:8000"),
        ("https://x.openai.azure.com/openai/v1", "https://x.openai.azure.com/openai/v1", None),
        ("https://host/v1beta/openai", "https://host/v1beta/openai", "https://host/v1beta/openai"),
        ("https://host/litellm", "https://host/litellm", "https://host/litellm"),
        ("http://host/v1/models", "http://host/v1", "http://host"),
    ],
)
def test_addresses(url: str, openai: str, anthropic: str | None) -> None:
    assert openai_base(url) == openai
    if anthropic is not None:
        assert anthropic_base(url) == anthropic


def test_no_address_is_the_providers_own() -> None:
    assert openai_base(None) is None
    assert anthropic_base(None) is None


MANY = [f"gpt-{number:03}" for number in range(30)]


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (["gpt-5.4-mini", "gpt-5.5", "whisper-1"], "the key can use gpt-5.4-mini, gpt-5.5"),
        (MANY, f"the key can use {', '.join(MANY[:20])} and 10 more"),
        (["whisper-1"], "the key can use none of the models in AI_ALLOWED_MODELS"),
        (None, "GET /models lists what the key can use"),
    ],
)
async def test_the_answer_for_a_model_that_is_gone_says_what_to_set(
    platform_settings: dict[str, Any],
    auth_headers: AuthHeaders,
    monkeypatch: pytest.MonkeyPatch,
    models: list[str] | None,
    told: str,
) -> None:
    gone = Failure(404, "invalid_request_error", {}, "model_not_found", "The model does not exist.")
    stand_in = StandIn(lambda _body: gone)
    monkeypatch.setattr("ai_assistant_testing.stand_in.OPENAI_MODELS", models or [])
    stand_in.failing_models = set() if models else {"openai"}
    async with (
        serving(stand_in.app) as url,
        client_with(
            platform_settings, openai_base_url=url, openai_api_key="any", ai_model="gpt-4", ai_attempts=1
        ) as client,
    ):
        default = await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())
        other = await client.post(
            "/chat", json={"message": "Hi", "model": "gpt-4-turbo"}, headers=auth_headers()
        )
    assert default.status_code == 503
    assert "'gpt-4': set AI_MODEL to another, or correct OPENAI_BASE_URL; " in default.json()["detail"]
    assert other.status_code == 422
    assert "'gpt-4-turbo'" in other.json()["detail"]
    for answer in (default, other):
        assert told in answer.json()["detail"]


@pytest.mark.parametrize("tier", ["shared", "protected"])
def test_the_simulator_is_refused_but_locally(platform_settings: dict[str, Any], tier: str) -> None:
    with pytest.raises(ValidationError, match="MODEL_SIMULATOR_URL is for ENV_TIER=local"):
        Settings.model_validate(
            {**platform_settings, "env_tier": tier, "model_simulator_url": "http://model-simulator:8020"}
        )
