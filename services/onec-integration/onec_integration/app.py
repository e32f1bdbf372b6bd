"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.resources import Resources
from onec_integration import NAME, catalog_api, reports_api, sync_api
from onec_integration.addresses import AddressGuard
from onec_integration.catalog import Catalog
from onec_integration.client import OneCClient
from onec_integration.copying import Copier
from onec_integration.reading import Retries
from onec_integration.settings import Settings
from onec_integration.sync import Synchronizer
from onec_integration.worker import SyncWorker


def build_app(settings: Settings, guard: AddressGuard | None = None) -> FastAPI:
    """The application; `guard` decides which addresses it may call (default: by the settings)."""
    guard = guard or AddressGuard(
        allow_private=settings.onec_allow_private,
        denied_networks=settings.onec_denied_networks,
        allowed_hosts=settings.onec_allowed_hosts,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        resources: Resources = app.state.resources
        client = OneCClient(settings, guard)
        catalog = Catalog(settings, client, resources.redis)
        resources.live.on_change(Settings, client.use)
        resources.live.on_change(Settings, catalog.use)
        database = resources.require_database()
        copier = Copier(settings, database, client)
        synchronizer = Synchronizer(database, catalog, copier, Retries(settings))
        worker = SyncWorker(settings, database, synchronizer)
        app.state.onec, app.state.catalog, app.state.worker = client, catalog, worker
        if client.configured:
            worker.start()
        try:
            yield
        finally:
            await worker.stop()
            await client.close()

    return create_app(
        NAME,
        settings,
        title="1C integration",
        description="Reads a 1C:Enterprise base through its standard OData interface and keeps copies of it.",
        routers=[catalog_api.router, sync_api.router, reports_api.router],
        lifespan=lifespan,
        outbox=True,
    )
