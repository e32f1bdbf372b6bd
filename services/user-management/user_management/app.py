"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from assistants_common.app import create_app
from user_management import auth_api, users_api
from user_management.passwords import Passwords
from user_management.settings import Settings

NAME = "user-management"


def build_app(settings: Settings) -> FastAPI:
    passwords = Passwords(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.passwords = passwords
        try:
            yield
        finally:
            passwords.close()

    return create_app(
        NAME,
        settings,
        title="User management",
        description="Accounts, logins and roles of the AI assistants for 1C:Enterprise.",
        routers=[auth_api.router, users_api.router],
        lifespan=lifespan,
    )
