"""Background work for which no answer waits: looking up accounts and sending mails."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from assistants_common.mail import MailError

logger = logging.getLogger(__name__)

_AT_ONCE = 4
LONGEST_QUEUE = 500
_CLOSE_SECONDS = 15
_FAILURES = (MailError, SQLAlchemyError, OSError)


class Errands:
    """Runs a few coroutines at a time in the background, and waits for them at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)

    def run(self, work: Coroutine[None, None, None]) -> None:
        """Start or queue the work. Drops it when the queue is full; the user can ask again."""
        if len(self._tasks) >= LONGEST_QUEUE:
            logger.error("too many mails are waiting, one more is dropped")
            work.close()
            return
        task = asyncio.create_task(self._run(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until no work is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Wait for the work under way, up to a time limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.idle()
        unfinished = set(self._tasks)
        if unfinished:
            logger.error("mails given up at the end", extra={"count": len(unfinished)})
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _run(self, work: Coroutine[None, None, None]) -> None:
        try:
            async with self._places:
                await work
        except _FAILURES:
            logger.exception("work in the background failed")
        finally:
            work.close()
