"""Password hashing with Argon2id, away from the event loop."""

import asyncio
import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from secrets import token_urlsafe
from threading import get_native_id

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from assistants_common.admission import Gate
from user_management.settings import Settings

_NICE = 10
TURNS_PER_WORKER = 4


class Passwords:
    """Hashes and verifies on a few threads, because each computation takes the memory set for Argon2.

    A request takes a `turn` first, so that the service refuses at once a request that would wait too long.
    """

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_iterations,
            memory_cost=settings.argon2_memory_kib,
            parallelism=1,
            type=Type.ID,
        )
        workers = settings.argon2_workers
        self._threads = ThreadPoolExecutor(workers, "argon2", initializer=_after_the_event_loop)
        self._gate = Gate(workers * TURNS_PER_WORKER, settings.admission_patience_seconds)
        self._decoy = self._hasher.hash(token_urlsafe())

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Context for a request that hashes or verifies a password; OverloadedError when too many do."""
        return self._gate.place()

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. Takes the same time without a hash, so that missing accounts do not
        show.
        """
        matches = await self._in_thread(self._matches, password_hash or self._decoy, password)
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash has other parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._threads.shutdown()

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _in_thread[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        call = functools.partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _after_the_event_loop() -> None:
    """Lower the thread's priority, so that requests and health checks get the CPU before passwords."""
    os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
