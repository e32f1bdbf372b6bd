"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ai_assistant import NAME, chat_api, conversations_api, generate_api, models_api
from ai_assistant.dependencies import Assistant
from ai_assistant.retention import Retention
from ai_assistant.settings import Settings
from assistants_common.app import create_app


def build_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        assistant = Assistant.build(settings, app.state.resources)
        app.state.assistant = assistant
        retention = Retention(app.state.resources.require_database(), settings.ai_retention_days)
        try:
            async with retention.running():
                yield
        finally:
            await assistant.close()

    return create_app(
        NAME,
        settings,
        title="AI assistant",
        description="Chat and code generation for 1C:Enterprise with language models.",
        routers=[chat_api.router, conversations_api.router, generate_api.router, models_api.router],
        lifespan=lifespan,
        outbox=True,
    )
