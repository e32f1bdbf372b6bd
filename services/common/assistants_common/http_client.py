"""The HTTP client for calls to other services. Only for services that have httpx."""

import httpx

from assistants_common.context import outbound_headers


def build_client(base_url: str, timeout: float) -> httpx.AsyncClient:
    """A client whose requests carry the id and trace context of the request being served.

    It follows no redirect and reads no proxy from the environment: it talks to `base_url`, nobody else.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        event_hooks={"request": [_add_context]},
    )


async def _add_context(request: httpx.Request) -> None:
    for name, value in outbound_headers().items():
        request.headers.setdefault(name, value)
