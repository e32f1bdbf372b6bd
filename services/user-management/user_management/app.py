"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from assistants_common.app import create_app
from user_management import NAME, auth_api, email_api, oidc_api, password_api, users_api
from user_management.cleanup import cleaning
from user_management.dependencies import Parts
from user_management.settings import Settings


def build_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        resources = app.state.resources
        parts = Parts.build(settings, resources)
        app.state.parts = parts
        try:
            async with cleaning(resources.require_database(), settings):
                yield
        finally:
            await parts.close()

    return create_app(
        NAME,
        settings,
        title="User management",
        description="Accounts, logins and roles of the AI assistants for 1C:Enterprise.",
        routers=[
            auth_api.keys_router,
            auth_api.router,
            email_api.router,
            password_api.router,
            oidc_api.router,
            oidc_api.methods_router,
            users_api.router,
        ],
        lifespan=lifespan,
        outbox=True,
    )
