import asyncio
from collections.abc import Iterator

import httpx
import pytest

from assistants_common.context import request_id_var, traceparent_var
from assistants_common.http_client import build_client
from assistants_testing.key_server import PATH, KeyServer, key_server
from assistants_testing.waiting import PATIENCE_SECONDS, pass_time, until


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        yield running


async def test_calls_carry_the_context_of_the_request(server: KeyServer) -> None:
    request_token, trace_token = request_id_var.set("request-5"), traceparent_var.set(f"00-{'a' * 32}-x-01")
    try:
        async with build_client(server.url.removesuffix(PATH), timeout=PATIENCE_SECONDS) as client:
            sent = (await client.get(PATH)).request.headers
            own = (await client.get(PATH, headers={"X-Request-Id": "of-the-caller"})).request.headers
    finally:
        request_id_var.reset(request_token)
        traceparent_var.reset(trace_token)
    assert (sent["x-request-id"], sent["traceparent"]) == ("request-5", f"00-{'a' * 32}-x-01")
    assert own["x-request-id"] == "of-the-caller"


async def test_no_redirect_is_followed_and_no_proxy_is_used(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.status, server.headers = 302, {"Location": f"{server.url}/elsewhere"}
    async with build_client(server.url, timeout=PATIENCE_SECONDS) as client:
        assert (await client.get("")).status_code == 302
    assert len(server.paths) == 1


async def test_a_server_that_does_not_answer_is_given_up(server: KeyServer) -> None:
    server.gate.clear()
    async with build_client(server.url, timeout=PATIENCE_SECONDS) as client:
        asking = asyncio.create_task(client.get(""))
        await until(lambda: server.paths)
        await pass_time(PATIENCE_SECONDS)
        with pytest.raises(httpx.ReadTimeout):
            await asking
