"""The application."""

from fastapi import FastAPI

from assistants_common.app import create_app
from sample_service import NAME, notes_api
from sample_service.settings import Settings


def build_app(settings: Settings) -> FastAPI:
    return create_app(
        NAME,
        settings,
        title="Sample service",
        description="Notes of the users of the AI assistants for 1C:Enterprise.",
        routers=[notes_api.router],
    )
