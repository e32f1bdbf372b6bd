"""Pure ASGI middleware: request context with access log and metrics, error boundary, limits for bodies."""

import asyncio
import logging
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistants_common.admission import OPERATIONAL_PATHS
from assistants_common.context import (
    REQUEST_ID_HEADER,
    accept_request_id,
    accept_traceparent,
    client_address_var,
    request_id_var,
    traceparent_var,
)
from assistants_common.lifecycle import Lifecycle
from assistants_common.metrics import UNMATCHED_ROUTE, observe_request
from assistants_common.prefix import own_path
from assistants_common.problems import ProblemError, problem_response, unexpected_problem
from assistants_common.proxies import NO_PROXIES, TrustedProxies

access_logger = logging.getLogger("assistants.access")
logger = logging.getLogger(__name__)

CLIENT_CLOSED = 499
_SERVER_ERROR = 500


class RequestContextMiddleware:
    """Gives a request its id and trace context, writes the access line, and measures it."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, proxies: TrustedProxies = NO_PROXIES) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = accept_request_id(headers.get(REQUEST_ID_HEADER))
        id_token = request_id_var.set(request_id)
        trace_token = traceparent_var.set(accept_traceparent(headers.get("traceparent")))
        client_token = client_address_var.set(self._client_address(scope, headers))
        try:
            await self._serve(scope, receive, send, request_id)
        finally:
            client_address_var.reset(client_token)
            traceparent_var.reset(trace_token)
            request_id_var.reset(id_token)

    def _client_address(self, scope: Scope, headers: Headers) -> str | None:
        peer = scope.get("client")
        return self._proxies.client(headers.getlist("x-forwarded-for"), peer[0] if peer else None)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        status = CLIENT_CLOSED

        async def send_with_context(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                if self._lifecycle.draining:
                    headers["Connection"] = "close"
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, send_with_context)
        finally:
            _record(scope, status, perf_counter() - started)


def _record(scope: Scope, status: int, seconds: float) -> None:
    observe_request(scope["method"], _route_template(scope), status, seconds)
    quiet = own_path(scope) in OPERATIONAL_PATHS and status < _SERVER_ERROR
    access_logger.log(
        logging.DEBUG if quiet else logging.INFO,
        "request served",
        extra={
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "client": client_address_var.get(),
        },
    )


def _route_template(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else UNMATCHED_ROUTE


class ErrorBoundaryMiddleware:
    """Turns an unexpected error into a 500 problem, inside the request context for its request id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response_started = False

        async def watch(message: Message) -> None:
            nonlocal response_started
            response_started = response_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            logger.info("the client went away while its request was read")
        except Exception:
            if response_started:
                raise
            logger.exception("unexpected error")
            await unexpected_problem(scope["path"])(scope, receive, send)


class BodyTooLargeError(ProblemError):
    """Raised out of `receive`: the frameworks above let HTTP exceptions of middleware through."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            413, f"The request body is larger than {limit} bytes.", headers={"Connection": "close"}
        )


class BodyTimeoutError(ProblemError):
    """Raised out of `receive`, like BodyTooLargeError."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            408, f"The request body brought nothing for {seconds:g} s.", headers={"Connection": "close"}
        )


class BodyLimitMiddleware:
    """Refuses bodies over a limit, by their declared length or while they stream in, and bodies that stall,
    which would hold a connection and a task without end.
    """

    def __init__(self, app: ASGIApp, limit: int, timeout_seconds: float) -> None:
        self._app = app
        self._limit = limit
        self._timeout = timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit:
            error = BodyTooLargeError(self._limit)
            response = problem_response(scope["path"], 413, error.problem_detail, headers=error.headers)
            await response(scope, receive, send)
            return
        await self._app(scope, self._limited(receive), send)

    def _limited(self, receive: Receive) -> Receive:
        received = 0
        complete = False

        async def limited() -> Message:
            nonlocal received, complete
            if complete:
                # The next message is the end of the connection; a streaming response may wait long for it.
                return await receive()
            message = await self._in_time(receive)
            complete = not message.get("more_body", False)
            received += len(message.get("body", b""))
            if received > self._limit:
                raise BodyTooLargeError(self._limit)
            return message

        return limited

    async def _in_time(self, receive: Receive) -> Message:
        try:
            async with asyncio.timeout(self._timeout):
                return await receive()
        except TimeoutError as error:
            raise BodyTimeoutError(self._timeout) from error
