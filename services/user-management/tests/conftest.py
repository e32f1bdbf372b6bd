from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from assistants_testing.plugin import running
from user_management.app import build_app
from user_management.settings import Settings


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "user_management.migrations"


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> Settings:
    return Settings.model_validate({**platform_settings, "argon2_memory_kib": 19 * 1024})


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application
