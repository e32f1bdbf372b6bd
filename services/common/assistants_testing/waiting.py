"""Waits for conditions, and a clock that a test moves, so that no result depends on the machine's speed."""

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
    """A time limit for a polling loop: `async with patience():`."""
    return asyncio.timeout(_CEILING_SECONDS)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition while the event loop goes on."""
    async with patience():
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(_PAUSE_SECONDS)


def block_until(condition: Callable[[], object]) -> None:
    """Wait for a condition in a test without an event loop."""
    deadline = monotonic() + _CEILING_SECONDS
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"not true within {_CEILING_SECONDS} s")
        sleep(_PAUSE_SECONDS)


async def patiently[T](awaitable: Awaitable[T]) -> T:
    """The result of `awaitable`, within the usual time limit."""
    return await asyncio.wait_for(awaitable, _CEILING_SECONDS)


async def pass_time(seconds: float) -> None:
    """Run the event loop until all tasks wait, then move the loop's clock forward.

    Timers of the loop up to the new time are due at once. The clocks of the machine and of the databases do
    not change. The loop's clock never moves back, because timers that the application has set meanwhile would
    fire too late.
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
