"""Waiting for conditions, and a clock that a test moves: no test is decided by how quick the machine is."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, sleep

PATIENCE_SECONDS = 60
"""For limits of the services and of their clients in tests."""
_CEILING_SECONDS = 240
"""Of every wait: it is reached only when what is waited for never comes. A busy machine may start slowly."""
_PAUSE_SECONDS = 0.01
_TURNS, _TURN_SECONDS = 100, 0.002
"""Work within one process needs turns of the loop, about ten for each hop between two sockets: how long they
take makes no difference."""


def patience() -> asyncio.Timeout:
    """For a loop that looks for something again and again: `async with patience():` ends it."""
    return asyncio.timeout(_CEILING_SECONDS)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition while the event loop goes on."""
    async with patience():
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(_PAUSE_SECONDS)


def block_until(condition: Callable[[], object]) -> None:
    """The same for tests without an event loop."""
    deadline = monotonic() + _CEILING_SECONDS
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"not true within {_CEILING_SECONDS} s")
        sleep(_PAUSE_SECONDS)


async def patiently[T](awaitable: Awaitable[T]) -> T:
    """The result of something that comes soon."""
    return await asyncio.wait_for(awaitable, _CEILING_SECONDS)


async def pass_time(seconds: float) -> None:
    """Let what is under way in the event loop go on until it waits, then move the loop's clock on.

    What waits in the loop for a time until then is due at once. The clocks of the machine and of the
    databases stay as they are. The loop's is never moved back: what the application has scheduled meanwhile
    would come too late.
    """
    for _ in range(_TURNS):
        await asyncio.sleep(_TURN_SECONDS)
    loop = asyncio.get_running_loop()
    clock = loop.time
    if not isinstance(clock, _Clock):
        clock = _Clock(clock)
        loop.time = clock  # type: ignore[method-assign]
    clock.ahead += seconds


class _Clock:
    def __init__(self, machine: Callable[[], float]) -> None:
        self._machine = machine
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._machine() + self.ahead
