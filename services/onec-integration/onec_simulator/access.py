"""Identifies the callers of the simulated server."""

import base64
import binascii

from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response

from onec_simulator.base import Base


def user_of(request: HttpRequest) -> str | None:
    """`user:password` of the request; None when it is unreadable."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def refusal(base: Base, user: str | None) -> Response | None:
    """The answer to a wrong password, as the web server in front of 1C gives it."""
    if user == f"{base.username}:{base.password}":
        return None
    return PlainTextResponse("", 401, headers={"WWW-Authenticate": 'Basic realm="1C"'})
