import json
import logging
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from assistants_common.json_logging import JsonFormatter


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.mark.parametrize("sent", ["abcdefgh", "A.b_c-12", "x" * 128])
async def test_a_good_request_id_is_kept(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/items/1", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] == answer.json()["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["short", "x" * 129, "with space", "new\tline-x", "trailing1 "])
async def test_another_request_id_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/items/1", headers={"X-Request-Id": sent})
    assert len(answer.headers["x-request-id"]) == 32 or answer.headers["x-request-id"] == sent.strip()


async def test_trace_context_is_passed_through_or_made(client: httpx.AsyncClient) -> None:
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    assert (await client.get("/items/1", headers={"traceparent": good})).json()["traceparent"] == good
    for bad in ("", "00-xyz", f"00-{'0' * 32}-{'b' * 16}-01", f"ff-{'a' * 32}-{'b' * 16}-01"):
        made = (await client.get("/items/1", headers={"traceparent": bad})).json()["traceparent"]
        assert made != bad
        assert len(made) == 55


async def test_a_problem_has_its_members(client: httpx.AsyncClient) -> None:
    answer = await client.get("/problem", headers={"X-Request-Id": "request-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:test:taken",
        "title": "Name taken",
        "status": 409,
        "detail": "Taken.",
        "instance": "/problem",
        "request_id": "request-1",
        "name": "x",
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/me", "GET"),
        ("OPTIONS", "/items/1", "DELETE, GET"),
        ("POST", "/items/1", "DELETE, GET"),
        ("DELETE", "/health", "GET"),
        ("HEAD", "/metrics", "GET"),
        ("TRACE", "/notes", "POST"),
        ("BREW", "/notes", "POST"),
    ],
)
async def test_another_method_is_told_which_there_are(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[" * 900,
        b"\xff\xfe",
        b"\x00",
        b'{"text": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"text": "abc", "\\ud800": 1}',
        b'{"text": "ab\\u0000c"}',
        b'{"text": NaN}',
        b'{"text": 1e999}',
    ],
)
async def test_a_body_that_makes_no_sense_is_no_fault_of_ours(client: httpx.AsyncClient, body: bytes) -> None:
    for content_type in ("application/json", "application/json; charset=utf-16", "text/plain", ""):
        answer = await client.post("/strict", content=body, headers={"content-type": content_type})
        assert answer.status_code in {400, 422}
        assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/notes", 405)])
async def test_errors_of_the_framework_are_problems(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_invalid_body_names_the_field_and_not_the_value(client: httpx.AsyncClient) -> None:
    answer = await client.post("/notes", json={"text": "zz"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["location"] == ["body", "text"]
    assert "zz" not in answer.text


async def test_a_fault_is_logged_and_not_shown(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await client.get("/fault", headers={"X-Request-Id": "request-2"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "request-2"
    assert "inside story" not in answer.text
    assert "inside story" in caplog.text


async def test_a_fault_after_the_start_of_a_response_ends_it(client: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="inside story"):
        await client.get("/broken-stream")


async def test_a_missing_dependency_is_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/redis-down")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "host and port" not in answer.text


@pytest.mark.parametrize("path", ["/upload", "/notes"])
async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient, path: str) -> None:
    declared = await client.post(path, content=b"x" * 1001)
    streamed = await client.post(path, content=chunks(1100), headers={"content-type": "application/json"})
    for answer in (declared, streamed):
        assert answer.status_code == answer.json()["status"] == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["connection"] == "close"


async def test_a_body_at_the_limit_is_taken(client: httpx.AsyncClient) -> None:
    assert (await client.post("/upload", content=chunks(1000))).json() == {"size": 1000}


async def test_metrics_use_route_templates(client: httpx.AsyncClient) -> None:
    await client.get("/items/secret-path")
    await client.get("/no/such/path")
    await client.request("BREW", "/items/1")
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'http_requests_total{method="GET",route="/items/{item_id}",status="200"}' in answer.text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in answer.text
    assert 'method="OTHER"' in answer.text
    assert "http_request_duration_seconds_bucket" in answer.text
    assert "process_cpu_seconds_total" in answer.text
    assert "secret-path" not in answer.text
    assert "BREW" not in answer.text


async def test_the_access_line_has_its_fields(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await client.get("/items/7?token=hidden", headers={"X-Request-Id": "request-3"})
        await client.get("/live")
    lines = [record for record in caplog.records if record.name == "assistants.access"]
    assert len(lines) == 1
    document = json.loads(JsonFormatter("sample", "1.0").format(lines[0]))
    assert {key: document[key] for key in ("method", "path", "status", "service", "level")} == {
        "method": "GET",
        "path": "/items/7",
        "status": 200,
        "service": "sample",
        "level": "info",
    }
    assert document["timestamp"].endswith("Z")
    assert document["duration_ms"] > 0


async def test_the_description_of_the_interface_knows_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert "Problem" in document["components"]["schemas"]
    responses = document["paths"]["/notes"]["post"]["responses"]
    assert set(responses) == {"200", "default"}
    assert "application/problem+json" in responses["default"]["content"]
    assert document["paths"]["/me"]["get"]["security"] == [{"HTTPBearer": []}]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])


async def test_the_shared_endpoints_are_described_as_they_are(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path in ("/live", "/health", "/metrics"):
        answer = await client.get(path)
        described = paths[path]["get"]["responses"]["200"]["content"]
        assert list(described) == [answer.headers["content-type"]]
    assert set(paths["/health"]["get"]["responses"]) == {"200", "503", "default"}


async def test_health_follows_the_checks_and_the_drain(client: httpx.AsyncClient, app: FastAPI) -> None:
    healthy = await client.get("/health")
    assert healthy.status_code == 200
    body = healthy.json()
    assert (body["status"], body["service"]) == ("ok", "sample")
    assert body["checks"]["redis"]["latency_ms"] >= 0

    async def fails() -> None:
        raise OSError("host and port")

    checks = app.state.resources.health.checks
    checks["database"] = fails
    try:
        ill = await client.get("/health")
    finally:
        del checks["database"]
    assert ill.status_code == 503
    assert ill.json()["checks"]["database"]["latency_ms"] >= 0
    assert ill.json()["status"] == ill.json()["checks"]["database"]["status"] == "unavailable"
    assert "host and port" not in ill.text

    app.state.resources.lifecycle.draining = True
    try:
        draining = await client.get("/health")
        live = await client.get("/live")
    finally:
        app.state.resources.lifecycle.draining = False
    assert draining.status_code == 503
    assert draining.json()["checks"]["lifecycle"]["status"] == "unavailable"
    assert draining.headers["connection"] == "close"
    assert live.status_code == 200
