"""Draws in a separate process, one drawing at a time, so that the event loop never blocks."""

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import cast

from prometheus_client import Counter, Histogram

from analytics.documents import Document
from analytics.rendering import Drawing
from analytics.rendering.worker import DONE, LENGTH_BYTES
from assistants_common.background import in_background
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

RENDERINGS = Counter(
    "analytics_renderings_total", "Drawings, by what became of them.", ["drawing", "outcome"]
)
RENDER_SECONDS = Histogram("analytics_render_seconds", "Time a drawing took, its wait included.", ["drawing"])

WORKER = "analytics.rendering.worker"
STOP_SECONDS = 5
_RETRY_AFTER = {"Retry-After": "5"}
# One drawing at a time needs no threads, and each thread would cost memory.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Renderer:
    """Sends drawings to the process; starts it when needed, and replaces it when it dies or hangs."""

    def __init__(self, timeout_seconds: float, queue: int) -> None:
        self._timeout_seconds = timeout_seconds
        self._queue = queue
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._process: Process | None = None

    @asynccontextmanager
    async def running(self, *, warm_up: bool) -> AsyncIterator[None]:
        try:
            async with in_background(self._warm_up(), "renderer") if warm_up else nullcontext():
                yield
        finally:
            await self._stop()

    async def render(self, drawing: Drawing, document: Document) -> bytes:
        """The drawn file; 503 when too many drawings wait, or when this one takes too long."""
        if self._waiting >= self._queue:
            RENDERINGS.labels(drawing, "refused").inc()
            raise ProblemError(503, "Too many files are being made. Try again soon.", headers=_RETRY_AFTER)
        self._waiting += 1
        try:
            with RENDER_SECONDS.labels(drawing).time():
                async with asyncio.timeout(self._timeout_seconds), self._turn:
                    content = await self._exchange(drawing, document)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            RENDERINGS.labels(drawing, "failed").inc()
            logger.exception("the process that draws did not answer", extra={"drawing": drawing})
            raise ProblemError(503, "The file could not be made in time.", headers=_RETRY_AFTER) from error
        finally:
            self._waiting -= 1
        RENDERINGS.labels(drawing, "made").inc()
        return content

    async def _warm_up(self) -> None:
        try:
            async with self._turn:
                await self._running_process()
        except (OSError, asyncio.IncompleteReadError):
            logger.exception("the process that draws did not start; the first drawing will try again")

    async def _exchange(self, drawing: Drawing, document: Document) -> bytes:
        """Send one drawing and read the answer. After an interrupted exchange the process is unusable."""
        try:
            process = await self._running_process()
            request = await asyncio.to_thread(_request, drawing, document)
            _, stdin = _pipes(process)
            stdin.write(request)
            await stdin.drain()
            what, content = await _answer(process)
        except BaseException:
            self._kill()
            raise
        if what != DONE:
            RENDERINGS.labels(drawing, "failed").inc()
            raise RuntimeError(f"{drawing} could not be drawn:\n{content.decode()}")
        return content

    async def _running_process(self) -> Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            WORKER,
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        try:
            _, content = await _answer(self._process)
        except BaseException:
            self._kill()
            raise
        logger.info("the process that draws is ready", extra=json.loads(content))
        return self._process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()

    async def _stop(self) -> None:
        """Stop the process by closing its input."""
        process = self._process
        if process is None:
            return
        _pipes(process)[1].close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            self._kill()


def _request(drawing: Drawing, document: Document) -> bytes:
    content = json.dumps({"drawing": drawing, "document": document}).encode()
    return len(content).to_bytes(LENGTH_BYTES) + content


async def _answer(process: Process) -> tuple[bytes, bytes]:
    stdout, _ = _pipes(process)
    what = await stdout.readexactly(1)
    length = int.from_bytes(await stdout.readexactly(LENGTH_BYTES))
    return what, await stdout.readexactly(length)


def _pipes(process: Process) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The pipes of the process, which always exist here."""
    return cast(asyncio.StreamReader, process.stdout), cast(asyncio.StreamWriter, process.stdin)
