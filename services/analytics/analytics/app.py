"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from analytics import NAME, dashboards_api, reports_api
from analytics.event_store import EventStore
from analytics.prices import export_prices
from analytics.renderer import Renderer
from analytics.retention import Retention
from analytics.settings import Settings
from assistants_common.app import create_app
from assistants_common.event_consumer import EventConsumer
from assistants_common.resources import Resources


def build_app(settings: Settings) -> FastAPI:
    export_prices(settings.token_prices)
    renderer = Renderer(settings.render_timeout_seconds, settings.render_queue)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        resources: Resources = app.state.resources
        database = resources.require_database()
        store = EventStore(database)
        async with (
            renderer.running(warm_up=settings.render_warm_up),
            Retention(database, settings).running(),
            EventConsumer(resources.redis, NAME, store.add).running(),
        ):
            yield

    app = create_app(
        NAME,
        settings,
        title="Analytics",
        description="Reports and dashboards on the use of the AI assistants for 1C:Enterprise.",
        routers=[reports_api.router, dashboards_api.router],
        lifespan=lifespan,
    )
    app.state.renderer = renderer
    return app
