"""The service's own dependencies for endpoints, besides the shared ones."""

from typing import Annotated, cast

from fastapi import Depends, Request

from onec_integration.catalog import Catalog
from onec_integration.client import OneCClient
from onec_integration.worker import SyncWorker


def _client(request: Request) -> OneCClient:
    return cast(OneCClient, request.app.state.onec)


def _catalog(request: Request) -> Catalog:
    return cast(Catalog, request.app.state.catalog)


def _worker(request: Request) -> SyncWorker:
    return cast(SyncWorker, request.app.state.worker)


ClientDep = Annotated[OneCClient, Depends(_client)]
CatalogDep = Annotated[Catalog, Depends(_catalog)]
WorkerDep = Annotated[SyncWorker, Depends(_worker)]
