from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.resources import Resources
from assistants_testing.plugin import running
from security.app import build_app
from security.settings import Settings

Unprotected = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "security.migrations"


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> Settings:
    return Settings.model_validate({**platform_settings, "security_log_level": "debug"})


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application


@pytest.fixture
def unprotected(resources: Resources) -> Unprotected:
    """A superuser's session in which the trigger of the audit log is disabled; committed at the end."""

    @asynccontextmanager
    async def open_session() -> AsyncIterator[AsyncSession]:
        async with resources.require_database().session() as session:
            await session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only"))
            yield session
            await session.execute(text("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_append_only"))
            await session.commit()

    return open_session


@pytest.fixture
async def clean_tables(unprotected: Unprotected) -> None:
    """Instead of the shared fixture: the audit log does not let itself be emptied. The events stay too."""
    async with unprotected() as session:
        await session.execute(text("TRUNCATE audit_log, signals, alerts, threats"))
