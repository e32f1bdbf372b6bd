"""Decides when to retry a failed call: one policy for all providers.

The service retries only transient failures: the provider is overloaded, fails or is unreachable. It does not
retry after a time limit or a refusal, nor when the provider asks for a longer pause than a caller would wait.
The time limit of a call covers all of its attempts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from ai_assistant.providers.errors import ProviderError
from ai_assistant.providers.meanings import Remedy

LONGEST_PAUSE = 5.0
_FIRST_PAUSE = 0.5

_random = SystemRandom().uniform


@dataclass(frozen=True)
class RetryPolicy:
    attempts: int
    spread: Callable[[float, float], float] = _random
    """Chooses between two pauses, so that callers who failed together do not come back together."""

    def pause(self, attempt: int, error: ProviderError) -> float | None:
        """Seconds to wait after the failure of an attempt, counted from 1; None when it was the last."""
        if error.remedy is not Remedy.RETRY or attempt >= self.attempts:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= LONGEST_PAUSE else None
        pause = min(_FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
        return self.spread(pause / 2, pause)
