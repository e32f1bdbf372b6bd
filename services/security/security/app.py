"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.event_consumer import EventConsumer
from assistants_common.resources import Resources
from security import alerts_api, audit_api
from security.audit_logger import configure_audit_logger
from security.detector import Detector
from security.settings import Settings

NAME = "security"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    detector = Detector(resources.require_database(), resources.events)
    async with EventConsumer(resources.redis, NAME, detector.handle).running():
        yield


def build_app(settings: Settings) -> FastAPI:
    configure_audit_logger(settings.security_log_level)
    return create_app(
        NAME,
        settings,
        title="Security",
        description="Audit log, threats and alerts of the AI assistants for 1C:Enterprise.",
        routers=[audit_api.router, alerts_api.router],
        lifespan=_lifespan,
    )
