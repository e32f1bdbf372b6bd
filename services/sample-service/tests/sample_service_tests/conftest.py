from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI

from assistants_testing.plugin import running
from sample_service.app import build_app
from sample_service.settings import Settings


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "sample_service.migrations"


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    async with running(build_app(Settings.model_validate(platform_settings))) as application:
        yield application
