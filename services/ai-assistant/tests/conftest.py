from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from ai_assistant.app import build_app
from ai_assistant.settings import Settings
from ai_assistant_testing.serving import serving
from ai_assistant_testing.stand_in import (
    ANSWER_SECONDS,
    ANTHROPIC_KEY,
    HEARTBEAT_SECONDS,
    METADATA_SECONDS,
    OPENAI_KEY,
    StandIn,
)
from assistants_testing.plugin import running
from assistants_testing.waiting import PATIENCE_SECONDS


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "ai_assistant.migrations"


@pytest.fixture(scope="module")
async def providers() -> AsyncIterator[tuple[StandIn, str]]:
    stand_in = StandIn()
    async with serving(stand_in.app) as url:
        yield stand_in, url


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any], providers: tuple[StandIn, str]) -> Settings:
    _, url = providers
    return Settings.model_validate(
        {
            **platform_settings,
            "openai_api_key": OPENAI_KEY,
            "openai_base_url": f"{url}/v1",
            "anthropic_api_key": ANTHROPIC_KEY,
            "anthropic_base_url": url,
            "ai_connect_timeout_seconds": PATIENCE_SECONDS,
            "ai_heartbeat_seconds": HEARTBEAT_SECONDS,
            "ai_metadata_seconds": METADATA_SECONDS,
            "ai_stream_seconds": ANSWER_SECONDS,
            "ai_timeout_seconds": ANSWER_SECONDS,
            "daily_token_budget": 10_000,
        }
    )


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application


@pytest.fixture(scope="module")
async def service_url(app: FastAPI) -> AsyncIterator[str]:
    """The service behind a real server: what it streams, and that a client leaves, is seen only there."""
    async with serving(app) as url:
        yield url


@pytest.fixture
def stand_in(providers: tuple[StandIn, str]) -> StandIn:
    server, _ = providers
    server.reset()
    return server
