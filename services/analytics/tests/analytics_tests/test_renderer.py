import asyncio
import io
import json
import logging
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from analytics import renderer as renderer_module
from analytics.documents import Document
from analytics.renderer import Renderer
from analytics.rendering.worker import DONE, FAILED, LENGTH_BYTES, serve
from assistants_common.problems import ProblemError
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.waiting import patience, until

pytestmark = pytest.mark.slow

DOCUMENT: Document = {
    "language": "en",
    "title": "Title",
    "subtitle": "",
    "created": "2025-01-01T00:00:00+00:00",
    "facts": [],
    "columns": [],
    "rows": [],
    "charts": [],
    "notes": [],
}
ENOUGH_SECONDS = 60


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    renderer = Renderer(ENOUGH_SECONDS, queue=2)
    async with renderer.running(warm_up=False):
        yield renderer


def pid(renderer: Renderer) -> int:
    process = renderer._process
    assert process is not None
    return process.pid


async def is_a_picture(renderer: Renderer) -> bool:
    with Image.open(io.BytesIO(await renderer.render("png", DOCUMENT))) as picture:
        return picture.size == (1200, 675)


async def begin(renderer: Renderer) -> asyncio.Task[bytes]:
    """A drawing that is under way, by a process that does nothing until it is told to go on."""
    os.kill(pid(renderer), signal.SIGSTOP)
    task = asyncio.create_task(renderer.render("png", DOCUMENT))
    await asyncio.sleep(0)
    return task


async def test_one_process_draws_everything(renderer: Renderer) -> None:
    assert await is_a_picture(renderer)
    first = pid(renderer)
    workbook, _ = await asyncio.gather(renderer.render("xlsx", DOCUMENT), renderer.render("png", DOCUMENT))
    assert workbook.startswith(b"PK")
    assert pid(renderer) == first


async def test_it_is_ready_before_the_first_drawing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    renderer = Renderer(ENOUGH_SECONDS, queue=1)
    async with renderer.running(warm_up=True):
        assert await is_a_picture(renderer)
        (ready,) = [record for record in caplog.records if "is ready" in record.message]
        assert vars(ready)["seconds"] > 0
        assert 10_000 < vars(ready)["memory_kib"] < 300_000
        process = renderer._process
        assert process is not None
    assert process.returncode == 0


async def test_a_stop_while_it_starts_leaves_nothing_behind() -> None:
    renderer = Renderer(ENOUGH_SECONDS, queue=1)
    async with renderer.running(warm_up=True):
        await until(lambda: renderer._process is not None)
        process = renderer._process
        assert process is not None
    assert await process.wait() == -signal.SIGKILL


async def test_a_process_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer_module, "STOP_SECONDS", 0.01)
    renderer = Renderer(ENOUGH_SECONDS, queue=1)
    async with renderer.running(warm_up=False):
        assert await is_a_picture(renderer)
        process = renderer._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
    assert await process.wait() == -signal.SIGKILL


async def test_a_process_that_died_is_replaced(renderer: Renderer) -> None:
    assert await is_a_picture(renderer)
    first = renderer._process
    assert first is not None
    first.kill()
    await first.wait()
    assert await is_a_picture(renderer)
    assert pid(renderer) != first.pid


async def test_a_process_that_dies_in_a_drawing_is_a_503(renderer: Renderer) -> None:
    assert await is_a_picture(renderer)
    drawing = await begin(renderer)
    os.kill(pid(renderer), signal.SIGKILL)
    with pytest.raises(ProblemError) as caught:
        await drawing
    assert caught.value.status_code == 503
    assert await is_a_picture(renderer)


async def test_a_process_that_hangs_is_replaced() -> None:
    renderer = Renderer(ENOUGH_SECONDS, queue=1)
    async with renderer.running(warm_up=False):
        assert await is_a_picture(renderer)
        process = renderer._process
        assert process is not None
        renderer._timeout_seconds = 0.01
        with pytest.raises(ProblemError) as caught:
            await (await begin(renderer))
        assert caught.value.status_code == 503
        assert await process.wait() == -signal.SIGKILL
        renderer._timeout_seconds = ENOUGH_SECONDS
        assert await is_a_picture(renderer)


async def test_too_many_are_refused_at_once(renderer: Renderer) -> None:
    assert await is_a_picture(renderer)
    drawings = [await begin(renderer), await begin(renderer)]
    with pytest.raises(ProblemError) as caught:
        await renderer.render("png", DOCUMENT)
    assert caught.value.status_code == 503
    assert caught.value.headers == {"Retry-After": "5"}
    os.kill(pid(renderer), signal.SIGCONT)
    for content in await asyncio.gather(*drawings):
        assert content.startswith(b"\x89PNG")


async def test_others_are_served_while_something_is_drawn(
    app: FastAPI, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    renderer: Renderer = app.state.renderer
    assert await is_a_picture(renderer)
    os.kill(pid(renderer), signal.SIGSTOP)
    body = {"kind": "usage", "format": "png"}
    headers = auth_headers(role=Role.ANALYST)
    drawing = asyncio.create_task(client.post("/reports/generate", json=body, headers=headers, timeout=60))
    answer = await client.post("/reports/generate", json={"kind": "usage"}, headers=headers)
    assert answer.status_code == 201
    assert not drawing.done()
    os.kill(pid(renderer), signal.SIGCONT)
    assert (await drawing).status_code == 201


async def test_what_cannot_be_drawn_does_not_hurt_the_next(renderer: Renderer) -> None:
    broken: Any = {**DOCUMENT, "charts": [{}]}
    with pytest.raises(RuntimeError, match="KeyError"):
        await renderer.render("png", broken)
    first = pid(renderer)
    assert await is_a_picture(renderer)
    assert pid(renderer) == first


async def test_a_process_that_does_not_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(renderer_module, "WORKER", "analytics.rendering.none")
    renderer = Renderer(ENOUGH_SECONDS, queue=1)
    async with renderer.running(warm_up=True):
        async with patience():
            while "did not start" not in caplog.text:
                await asyncio.sleep(0.02)
        with pytest.raises(ProblemError) as caught:
            await renderer.render("png", DOCUMENT)
    assert caught.value.status_code == 503


def test_the_process_answers_every_message_and_ends_with_its_input() -> None:
    def message(drawing: str, document: object) -> bytes:
        content = json.dumps({"drawing": drawing, "document": document}).encode()
        return len(content).to_bytes(LENGTH_BYTES) + content

    output = io.BytesIO()
    serve(io.BytesIO(message("xlsx", DOCUMENT) + message("png", {})), output)
    answers = output.getvalue()
    size = int.from_bytes(answers[1 : 1 + LENGTH_BYTES])
    assert answers[:1] == DONE
    assert answers[1 + LENGTH_BYTES :].startswith(b"PK")
    second = answers[1 + LENGTH_BYTES + size :]
    assert second[:1] == FAILED
    assert b"KeyError" in second
