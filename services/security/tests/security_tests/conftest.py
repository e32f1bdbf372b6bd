from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.resources import Resources
from assistants_testing.plugin import running
from assistants_testing.waiting import PATIENCE_SECONDS
from security.app import build_app, build_chain, build_queue
from security.audit_log.anchor import KEY
from security.detection.detector import Detector
from security.settings import Settings

_PROTECTED = ("audit_log", "audit_checkpoints")
_TABLES = (
    "audit_log, audit_checkpoints, signals, role_sightings, account_locks, threats, alerts, alert_changes,"
    " notifications, outbox"
)
Unprotected = Callable[[], AbstractAsyncContextManager[AsyncSession]]


@pytest.fixture(scope="session")
def service_limits() -> dict[str, tuple[str, ...]]:
    return {"security.audit_log.anchor": ("_SECONDS",)}


@pytest.fixture(scope="session")
def service_migrations() -> str:
    return "security.migrations"


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {
            **platform_settings,
            "security_log_level": "debug",
            "alert_webhook_timeout_seconds": PATIENCE_SECONDS,
        }
    )


@pytest.fixture(scope="module")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(build_app(settings)) as application:
        yield application


@pytest.fixture
def unprotected(resources: Resources) -> Unprotected:
    """A superuser's session in which the triggers of the audit log are disabled; committed at the end."""

    @asynccontextmanager
    async def open_session() -> AsyncIterator[AsyncSession]:
        async with resources.require_database().session() as session:
            for table in _PROTECTED:
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"))
            yield session
            for table in _PROTECTED:
                await session.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only"))
            await session.commit()

    return open_session


@pytest.fixture
async def clean_tables(app: FastAPI, unprotected: Unprotected, resources: Resources) -> None:
    """Instead of the shared fixture: the audit log does not let itself be emptied. The events stay too."""
    async with unprotected() as session:
        await session.execute(text(f"TRUNCATE {_TABLES}"))
    await resources.redis.delete(KEY)
    app.state.chain.anchor.known = None


@pytest.fixture
def detector(resources: Resources, settings: Settings) -> Detector:
    chain = build_chain(resources, settings)
    return Detector(resources.require_database(), chain, build_queue(resources, settings))
