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
    """Hashes and verifies on a few threads: each computation takes as much memory as the settings say.

    A request takes a `turn` first, so that one that cannot be served soon is refused at once.
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
        """Around a request that needs a password hashed or verified; OverloadedError when too many do."""
        return self._gate.place()

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right; without a hash (no such account) the same work is done."""
        matches = await self._in_thread(self._matches, password_hash or self._decoy, password)
        return matches and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than those in use."""
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
    """Where the CPU does not suffice for both, requests and health checks come before passwords."""
    os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
