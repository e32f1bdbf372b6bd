"""The external path prefix of a service, such as `/ai`, which its own paths do not have."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from assistants_common.settings import PATH_PREFIX

_FORWARDED_PREFIX = "x-forwarded-prefix"


class PrefixMiddleware:
    """Strips the route prefix, so that no proxy has to, and keeps it in generated URLs.

    A proxy that has stripped a prefix sends X-Forwarded-Prefix. Then the middleware strips nothing, so that
    proxy and service read the same path.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self._mount(scope)
        await self._app(scope, receive, send)

    def _mount(self, scope: Scope) -> None:
        taken_off = Headers(scope=scope).get(_FORWARDED_PREFIX)
        if taken_off is not None:
            if PATH_PREFIX.fullmatch(taken_off):
                scope["root_path"] = taken_off
                scope["path"] = taken_off + scope["path"]
        elif self._prefix and f"{scope['path']}/".startswith(f"{self._prefix}/"):
            scope["root_path"] = self._prefix


def own_path(scope: Scope) -> str:
    """The path without the prefix, as in the service's routes."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
