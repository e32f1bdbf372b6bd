"""The HTTP client for calls to other services. Only for services that have httpx."""

import httpx

from assistants_common.context import outbound_headers


def build_client(base_url: str, timeout: float, *, outside: bool = False) -> httpx.AsyncClient:
    """A client whose requests carry the id and trace context of the current request.

    The client follows no redirect. Only with `outside`, for servers outside the platform, it takes proxy and
    certificate authorities from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
    """
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=timeout,
        follow_redirects=False,
        trust_env=outside,
        event_hooks={"request": [_add_context]},
    )


async def _add_context(request: httpx.Request) -> None:
    for name, value in outbound_headers().items():
        request.headers.setdefault(name, value)
