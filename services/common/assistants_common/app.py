"""The application of a service, with the conventions of the platform."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI
from pydantic.json_schema import models_json_schema

from assistants_common import health, metrics
from assistants_common.middleware import (
    BodyLimitMiddleware,
    ErrorBoundaryMiddleware,
    RequestContextMiddleware,
)
from assistants_common.problems import PROBLEM_RESPONSES, Problem, install_problem_handlers
from assistants_common.resources import Resources
from assistants_common.settings import ServiceSettings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    service: str,
    settings: ServiceSettings,
    *,
    title: str,
    description: str,
    routers: Sequence[APIRouter],
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """An application with logs, errors, metrics, health and resources in place (`app.state.resources`).

    `lifespan` is the service's own: it may use the resources, which are closed after it.
    """
    resources = Resources.build(service, settings)
    app = FastAPI(
        title=title,
        description=description,
        version=settings.service_version,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(resources, lifespan),
        responses=PROBLEM_RESPONSES,
    )
    app.state.resources = resources
    app.state.settings = settings
    install_problem_handlers(app)
    app.add_middleware(BodyLimitMiddleware, limit=settings.max_body_bytes)
    app.add_middleware(ErrorBoundaryMiddleware)
    app.add_middleware(RequestContextMiddleware, lifecycle=resources.lifecycle)
    for router in (health.router, metrics.router, *routers):
        app.include_router(router)
    _document_problems(app)
    return app


def _lifespan(resources: Resources, own: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        try:
            if own is None:
                yield
            else:
                async with own(app):
                    yield
        finally:
            await resources.close()

    return run


def _document_problems(app: FastAPI) -> None:
    """Add the schema every error response refers to."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        document = generate()
        _, definitions = models_json_schema([(Problem, "serialization")])
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = definitions["$defs"]["Problem"]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
