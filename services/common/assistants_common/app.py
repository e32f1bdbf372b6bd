"""The application of a service, with the conventions of the platform."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from pydantic.json_schema import models_json_schema

from assistants_common import health, metrics
from assistants_common.admission import AdmissionMiddleware, Gate
from assistants_common.encodable import require_encodable_body
from assistants_common.middleware import (
    BodyLimitMiddleware,
    ErrorBoundaryMiddleware,
    RequestContextMiddleware,
)
from assistants_common.outbox_relay import OutboxRelay
from assistants_common.prefix import PrefixMiddleware
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
    outbox: bool = False,
) -> FastAPI:
    """Create an application with logs, errors, metrics, health and resources (`app.state.resources`).

    `lifespan` is the service's own: it may use the resources, which the application closes afterwards.
    With `outbox` the application publishes the events that the service records (see `outbox.record_event`).
    """
    resources = Resources.build(service, settings)
    app = FastAPI(
        title=title,
        description=description,
        version=settings.service_version,
        docs_url=None,
        redoc_url=None,
        # A redirect would send the client to the scheme, host and prefix of the last hop.
        redirect_slashes=False,
        servers=[{"url": "."}],
        root_path_in_servers=False,
        lifespan=_lifespan(resources, lifespan, outbox=outbox),
        responses=PROBLEM_RESPONSES,
        dependencies=[Depends(require_encodable_body)],
    )
    app.state.resources = resources
    app.state.settings = settings
    install_problem_handlers(app)
    app.add_middleware(
        BodyLimitMiddleware, limit=settings.max_body_bytes, timeout_seconds=settings.body_timeout_seconds
    )
    gate = Gate(settings.max_concurrent_requests, settings.admission_patience_seconds)
    app.add_middleware(AdmissionMiddleware, gate=gate)
    app.add_middleware(ErrorBoundaryMiddleware)
    app.add_middleware(RequestContextMiddleware, lifecycle=resources.lifecycle, proxies=settings.proxies)
    app.add_middleware(PrefixMiddleware, prefix=settings.path_prefix)
    for router in (health.router, metrics.router, *routers):
        app.include_router(router)
    _document_problems(app)
    return app


def _lifespan(resources: Resources, own: Lifespan | None, *, outbox: bool) -> Lifespan:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(resources.close)
            await stack.enter_async_context(resources.live.watching())
            if outbox:
                relay = OutboxRelay(
                    resources.require_database(),
                    resources.settings,
                    redis_passwords=resources.redis_passwords,
                )
                await stack.enter_async_context(relay.running())
            if own is not None:
                await stack.enter_async_context(own(app))
            yield

    return run


def _document_problems(app: FastAPI) -> None:
    """Add the schemas every error response refers to."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        document = generate()
        _, definitions = models_json_schema(
            [(Problem, "serialization")], ref_template="#/components/schemas/{model}"
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(definitions["$defs"])
        return document

    app.openapi = openapi  # type: ignore[method-assign]
