"""Bodies that are too large or never end, over real connections."""

import json
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from assistants_testing.service_process import ServiceProcess, running_service
from assistants_testing.waiting import PATIENCE_SECONDS, pass_time

pytestmark = pytest.mark.slow

PACKAGE = "body_sample"
TIMEOUT = 0.5
LIMIT = 100_000
SOURCE = """
import asyncio, sys
from assistants_common.app import create_app
from assistants_common.service import Service, run
from assistants_common.settings import ServiceSettings
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

router = APIRouter()

@router.post("/json")
async def with_json(body: dict[str, int]) -> int:
    return len(body)

@router.post("/raw")
async def raw(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])

@router.post("/stream")
async def stream(body: dict[str, int]) -> StreamingResponse:
    async def lines():
        for _ in range(body["lines"]):
            yield b"line"
            await asyncio.sleep(0.25)
    return StreamingResponse(lines())

def build(settings):
    return create_app("body-sample", settings, title="x", description="x", routers=[router])

sys.exit(run(Service("body-sample", ServiceSettings, build)))
"""


@pytest.fixture(scope="module")
def service(
    platform_settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcess]:
    with started(platform_settings, tmp_path_factory.mktemp("package")) as process:
        yield process


@contextmanager
def started(settings: dict[str, Any], directory: Path) -> Iterator[ServiceProcess]:
    (directory / f"{PACKAGE}.py").write_text(SOURCE)
    limits = {"body_timeout_seconds": TIMEOUT, "max_body_bytes": LIMIT, "drain_seconds": 0.2}
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(directory))
        with running_service(PACKAGE, {**settings, **limits}, directory) as process:
            yield process


@contextmanager
def connected(service: ServiceProcess) -> Iterator[socket.socket]:
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port or 0), timeout=PATIENCE_SECONDS) as connection:
        yield connection


def head(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: service.test", "Content-Type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def everything(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """The answer, read until the server closes the connection: it must do so."""
    received = b""
    while part := connection.recv(65536):
        received += part
    start, _, body = received.partition(b"\r\n\r\n")
    status, *lines = start.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


def assert_problem(answer: tuple[int, dict[str, str], bytes], status: int) -> None:
    code, headers, body = answer
    assert code == json.loads(body)["status"] == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"


@pytest.mark.parametrize("path", ["/json", "/raw"])
@pytest.mark.parametrize(
    ("headers", "beginning"),
    [
        (["Content-Length: 10"], b""),
        (["Content-Length: 10"], b'{"a"'),
        (["Transfer-Encoding: chunked"], b""),
        (["Transfer-Encoding: chunked"], b'4\r\n{"a"\r\n'),
        (["Transfer-Encoding: chunked"], b'4\r\n{"'),
        (["Content-Length: 10", "Expect: 100-continue"], b'{"a"'),
    ],
)
def test_a_slow_body_is_given_up_and_the_connection_closed(
    service: ServiceProcess, path: str, headers: list[str], beginning: bytes
) -> None:
    with connected(service) as connection:
        begin = monotonic()
        connection.sendall(head(path, *headers) + beginning)
        if "Expect: 100-continue" in headers:
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert_problem(everything(connection), 408)
        assert monotonic() - begin >= TIMEOUT * 0.9


async def test_a_body_that_keeps_coming_is_taken_however_long_it_takes(
    client: httpx.AsyncClient, platform_settings: dict[str, Any]
) -> None:
    async def bytes_of(text: bytes) -> AsyncIterator[bytes]:
        for byte in text:
            await pass_time(platform_settings["body_timeout_seconds"] * 0.9)
            yield bytes([byte])

    headers = {"Content-Type": "application/json", "Content-Length": "16"}
    answer = await client.post("/notes", content=bytes_of(b'{"text":  "abc"}'), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"text": "abc"})


def test_an_answer_may_take_longer_than_a_body(service: ServiceProcess) -> None:
    answer = httpx.post(f"{service.url}/stream", json={"lines": 5})
    assert answer.elapsed.total_seconds() > TIMEOUT
    assert answer.text == "line" * 5


@pytest.mark.parametrize("path", ["/json", "/raw"])
def test_a_declared_length_over_the_limit_is_refused_at_once(service: ServiceProcess, path: str) -> None:
    for declared in (LIMIT + 1, 10**18, 10**30):
        with connected(service) as connection:
            connection.sendall(head(path, f"Content-Length: {declared}"))
            status, headers, body = everything(connection)
        # The server itself refuses a length beyond 64 bits as invalid HTTP.
        if declared <= 10**18:
            assert_problem((status, headers, body), 413)
        assert status in {400, 413}


@pytest.mark.parametrize("path", ["/json", "/raw"])
def test_an_oversized_body_is_refused_while_it_streams_in(service: ServiceProcess, path: str) -> None:
    chunk = b"1000\r\n" + b" " * 0x1000 + b"\r\n"
    with connected(service) as connection:
        connection.sendall(head(path, "Transfer-Encoding: chunked"))
        sent = 0
        try:
            while sent < 100 * LIMIT:
                connection.sendall(chunk)
                sent += 0x1000
        except OSError:
            return  # closed while it was sending: what was refused is not read
        pytest.fail("everything was taken")


def test_an_oversized_body_is_answered(service: ServiceProcess) -> None:
    over = f"{LIMIT + 1:x}\r\n".encode() + b" " * (LIMIT + 1) + b"\r\n"
    with connected(service) as connection:
        connection.sendall(head("/json", "Transfer-Encoding: chunked") + over)
        assert_problem(everything(connection), 413)


@pytest.mark.parametrize("body", [b"[" * 90_000, b'{"a":' * 19_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_body_made_to_overload_the_parser_is_no_fault_of_ours(service: ServiceProcess, body: bytes) -> None:
    answer = httpx.post(f"{service.url}/json", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == answer.json()["status"]
    assert answer.status_code in {400, 422}


@pytest.mark.parametrize("length", ["-1", "+5", "5, 6", "0x10", "5 5", "\u0665"])
def test_a_length_that_is_no_number_is_refused(service: ServiceProcess, length: str) -> None:
    with connected(service) as connection:
        connection.sendall(head("/json", f"Content-Length: {length}") + b'{"a":1}')
        assert everything(connection)[0] == 400


def test_two_lengths_are_refused(service: ServiceProcess) -> None:
    with connected(service) as connection:
        both = head("/json", "Content-Length: 7", "Transfer-Encoding: chunked")
        connection.sendall(both + b"0\r\n\r\nGET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        status, _, body = everything(connection)
    assert status == 400
    assert b"ok" not in body


def test_a_stream_is_finished_after_the_drain(platform_settings: dict[str, Any], tmp_path: Path) -> None:
    with (
        started(platform_settings, tmp_path) as service,
        httpx.stream("POST", f"{service.url}/stream", json={"lines": 8}) as answer,
    ):
        parts = answer.iter_bytes()
        received = next(parts)
        service.terminate()
        for part in parts:
            received += part
        assert received == b"line" * 8
        assert service.wait() == 0


def test_a_reader_that_goes_away_does_not_hold_up_the_stop(
    platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    with started(platform_settings, tmp_path) as service:
        with httpx.stream("POST", f"{service.url}/stream", json={"lines": 10_000}) as answer:
            next(answer.iter_bytes())
        service.terminate()
        assert service.wait() in {0, -signal.SIGTERM}
