"""The current request: its id, W3C trace context and client, for logs, errors and calls to other services."""

import re
import secrets
from contextvars import ContextVar
from uuid import uuid4

REQUEST_ID_HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

request_id_var: ContextVar[str | None] = ContextVar("request_id", default=None)
traceparent_var: ContextVar[str | None] = ContextVar("traceparent", default=None)
client_address_var: ContextVar[str | None] = ContextVar("client_address", default=None)


def accept_request_id(candidate: str | None) -> str:
    """The caller's request id when it is well formed, else a new one."""
    return candidate if candidate and _REQUEST_ID.fullmatch(candidate) else uuid4().hex


def accept_traceparent(candidate: str | None) -> str:
    """The caller's trace context when it is well formed, else the root of a new trace."""
    if candidate and _TRACEPARENT.fullmatch(candidate) and not candidate.startswith("ff"):
        return candidate
    return f"00-{uuid4().hex}-{secrets.token_hex(8)}-01"


def outbound_headers() -> dict[str, str]:
    """Headers that link a call to another service to the current request."""
    headers = {REQUEST_ID_HEADER: request_id_var.get(), "traceparent": traceparent_var.get()}
    return {name: value for name, value in headers.items() if value}


def client_address() -> str | None:
    """The network address of the caller, as far as the proxy in front of this service knows it."""
    return client_address_var.get()
