"""Errors as application/problem+json (RFC 9457), without internals."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from assistants_common.context import request_id_var

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_UNAVAILABLE: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    PoolTimeoutError,
    RedisConnectionError,
    RedisTimeoutError,
    ConnectionError,
    TimeoutError,
)


class Problem(BaseModel):
    """The body of every error response."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str | None = None
    instance: str | None = Field(default=None, examples=["/users/6f1c"])
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = Field(default=None, description="What is wrong with which field.")


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "An error",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
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
    """The response for a problem met while serving `path`."""
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
    """The response for a fault of ours: it says nothing but how to find the log line."""
    return problem_response(
        path, 500, "The request could not be completed. Quote request_id when you report it."
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    for unavailable in _UNAVAILABLE:
        app.add_exception_handler(unavailable, _on_unavailable)


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
    return problem_response(path, error.status_code, detail, headers=error.headers)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    errors = [_field_error(item) for item in error.errors()]
    return problem_response(request.url.path, 422, "The request is not valid.", errors=errors)


def _field_error(item: Mapping[str, Any]) -> dict[str, Any]:
    """One complaint; the rejected value is left out because it may be a secret."""
    location: Sequence[str | int] = item["loc"]
    return {"location": [str(part) for part in location], "message": item["msg"], "code": item["type"]}


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    logger.error("a dependency is not available", exc_info=error)
    return problem_response(
        request.url.path,
        503,
        "A service this request depends on is not available.",
        headers={"Retry-After": "5"},
    )
