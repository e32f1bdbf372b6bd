"""Errors as application/problem+json (RFC 9457), without internals."""

import logging
import socket
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from assistants_common.context import request_id_var

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_LONGEST_ERROR = 300
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_DATABASE_AWAY: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
)
UNAVAILABLE: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    RedisConnectionError,
    RedisTimeoutError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    asyncpg.InterfaceError,
    *_DATABASE_AWAY,
)
"""What the clients of PostgreSQL and Redis raise when the server is away. See also `is_unavailable`."""


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    location: list[str] = Field(examples=[["body", "email"]])
    message: str = Field(examples=["Field required"])
    code: str = Field(examples=["missing"])


class Problem(BaseModel):
    """The body of every error response. It may have more members."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(ge=400, le=599, examples=[404])
    detail: str | None = Field(default=None, examples=["There is no such user."])
    instance: str | None = Field(default=None, examples=["/users/6f1c"])
    request_id: str | None = Field(default=None, examples=["0123456789abcdef0123456789abcdef"])
    errors: list[FieldProblem] | None = Field(default=None, description="Of a request that is not valid.")


_ERROR = (
    "An error: 401 without a good token, 403 for a role that may not do this, 404 for what is not there,"
    " 405 for another method, 408 and 413 for a body that stops or is too large, 422 for a request that is"
    " not valid, 429 for too many requests, 500 for a fault of the service, 503 when something it depends on"
    " is away."
)
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": _ERROR,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "headers": {
            "WWW-Authenticate": {"description": "With 401.", "schema": {"type": "string"}},
            "Allow": {"description": "With 405: the methods there are.", "schema": {"type": "string"}},
            "Retry-After": {
                "description": "With 429 and 503: seconds to wait.",
                "schema": {"type": "integer", "minimum": 0},
            },
        },
    }
}


class ProblemError(HTTPException):
    """Raise it anywhere in a request to answer with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        title: str | None = None,
        type_: str = "about:blank",
        headers: Mapping[str, str] | None = None,
        **extensions: object,
    ) -> None:
        super().__init__(status, detail or HTTPStatus(status).phrase, dict(headers) if headers else None)
        self.problem_detail = detail
        self.title = title
        self.type = type_
        self.extensions = extensions


class OverloadedError(ProblemError):
    """The service is overloaded; a later attempt may succeed."""

    def __init__(self) -> None:
        super().__init__(
            503, "The service has too much to do. Try again in a moment.", headers={"Retry-After": "1"}
        )


def problem_response(
    path: str,
    status: int,
    detail: str | None = None,
    *,
    title: str | None = None,
    type_: str = "about:blank",
    headers: Mapping[str, str] | None = None,
    **extensions: object,
) -> JSONResponse:
    """The response for a problem of a request to `path`."""
    document = {
        "type": type_,
        "title": title or _phrase(status),
        "status": status,
        "detail": detail,
        "instance": path,
        "request_id": request_id_var.get(),
        **extensions,
    }
    body = {key: value for key, value in document.items() if value is not None}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def unexpected_problem(path: str) -> JSONResponse:
    """The response for an unexpected error: it tells only how to find the log line."""
    return problem_response(
        path, 500, "The request could not be completed. Quote request_id when you report it."
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    for unavailable in UNAVAILABLE:
        app.add_exception_handler(unavailable, _on_unavailable)
    app.add_exception_handler(PoolTimeoutError, _on_full_pool)
    app.add_exception_handler(DBAPIError, _on_database_error)


def is_unavailable(error: Exception) -> bool:
    """Whether an error means that PostgreSQL, Redis or another service is unavailable for the moment."""
    return isinstance(error, UNAVAILABLE) or (isinstance(error, DBAPIError) and _server_went_away(error))


def _server_went_away(error: DBAPIError) -> bool:
    """Whether the server went away during a statement, which SQLAlchemy reports like any other error."""
    return error.connection_invalidated or isinstance(getattr(error.orig, "__cause__", None), _DATABASE_AWAY)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    path = request.url.path
    if isinstance(error, ProblemError):
        return problem_response(
            path,
            error.status_code,
            error.problem_detail,
            title=error.title,
            type_=error.type,
            headers=error.headers,
            **error.extensions,
        )
    detail = error.detail if error.detail != _phrase(error.status_code) else None
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request))
    return problem_response(path, error.status_code, detail, headers=headers)


def _methods_at(request: Request) -> Sequence[str]:
    """The methods of all routes at the path: the framework names only those of the first route."""
    routes: Sequence[BaseRoute] = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    ]


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    errors = [_field_error(item) for item in error.errors()]
    return problem_response(request.url.path, 422, "The request is not valid.", errors=errors)


def _field_error(item: Mapping[str, Any]) -> dict[str, Any]:
    """One field's error, without the rejected value, which may be a secret."""
    location: Sequence[str | int] = item["loc"]
    return {"location": [str(part) for part in location], "message": item["msg"], "code": item["type"]}


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    # Without a traceback: while a dependency is away, every request logs this line.
    logger.error("a dependency is not available", extra={"error": _in_short(error)})
    return problem_response(
        request.url.path,
        503,
        "A service this request depends on is not available.",
        headers={"Retry-After": "5"},
    )


def _in_short(error: Exception) -> str:
    """Kind and first words of an error; of the driver's own, because SQLAlchemy's adds the statement."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return f"{type(told).__name__}: {told}"[:_LONGEST_ERROR]


async def _on_full_pool(request: Request, _: Exception) -> JSONResponse:
    """Answer when all connections are in use. The database is available and the access log suffices."""
    return await _on_http_exception(request, OverloadedError())


async def _on_database_error(request: Request, error: Exception) -> JSONResponse:
    if is_unavailable(error):
        return await _on_unavailable(request, error)
    raise error
