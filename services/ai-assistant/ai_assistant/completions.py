"""Calls models within the user's budget and a time limit, and records their usage.

Before the first piece of text the service may retry a failed call or use the fallback model. Afterwards the
caller gets the failure, because text of two answers cannot be joined.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from prometheus_client import Counter

from ai_assistant.attempts import Attempts
from ai_assistant.budget import Reservation, TokenBudget
from ai_assistant.calls import Answer, Call, OnText, Tally
from ai_assistant.providers.errors import ProviderError, UnknownModelError
from ai_assistant.providers.meanings import Remedy
from ai_assistant.providers.registry import Candidate, Providers
from ai_assistant.retries import RetryPolicy
from ai_assistant.usage import UsageLedger

logger = logging.getLogger(__name__)

FALLBACKS = Counter("ai_fallbacks_total", "Calls handed to the fallback model.", ["provider"])


class Completions:
    def __init__(
        self, providers: Providers, budget: TokenBudget, ledger: UsageLedger, retries: RetryPolicy
    ) -> None:
        self._providers = providers
        self._budget = budget
        self._ledger = ledger
        self._retries = retries

    def check(self, model: str) -> None:
        """Raise the problem that would stop a call of this model before it is sent."""
        self._providers.candidates(model)

    async def run(self, call: Call, on_text: OnText) -> Answer:
        """Call the model, and pass each piece to `on_text`. Cancelling stops the call; its cost stays
        recorded.
        """
        candidates = self._providers.candidates(call.prompt.model)
        await self._ledger.ready()
        most = call.prompt.estimated_tokens() + call.prompt.max_tokens
        reservation = await self._budget.reserve(call.user_id, most)
        attempts = Attempts(call, on_text, self._retries)
        try:
            await self._ask(candidates, attempts)
        finally:
            await _to_the_end(self._settle(call, attempts.tallies, reservation))
        return attempts.tallies[-1].answer(call.prompt.model)

    async def _ask(self, candidates: Sequence[Candidate], attempts: Attempts) -> None:
        first, *others = candidates
        try:
            await self._try(first, attempts, last=not others)
        except ProviderError as error:
            if not others or attempts.has_text or error.remedy is Remedy.NONE:
                raise
            (fallback,) = others
            logger.warning("the fallback model is asked", extra={"model": first.model})
            FALLBACKS.labels(first.provider.name).inc()
            try:
                await self._try(fallback, attempts, last=True)
            except ProviderError as failure:
                if attempts.has_text:
                    raise
                raise error.also(failure, fallback.model) from failure

    async def _try(self, candidate: Candidate, attempts: Attempts, *, last: bool) -> None:
        try:
            await attempts.make(candidate, last=last)
        except UnknownModelError as error:
            raise await self._providers.explain(error, candidate) from error

    async def _settle(self, call: Call, tallies: Sequence[Tally], reservation: Reservation) -> None:
        records = [tally.record(call) for tally in tallies if tally.usage().total]
        await self._ledger.record(records, call.user_id, call.operation, call.markers)
        await self._budget.settle(reservation, sum(record.usage.total for record in records))


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work` even when the caller is cancelled meanwhile; raise the cancellation afterwards."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
