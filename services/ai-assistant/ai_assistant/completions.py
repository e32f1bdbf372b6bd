"""Calls of models: within the user's budget and a time limit, with their usage on record.

Until the first piece of text a failed call may be made again, or of the fallback model; after it the failure
is the caller's to see, as two halves of different answers make none.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import count
from time import perf_counter
from typing import Any
from uuid import UUID

from prometheus_client import Counter, Histogram

from ai_assistant.budget import Reservation, TokenBudget
from ai_assistant.providers.base import (
    Finished,
    FinishReason,
    Prompt,
    Text,
    Tokens,
    estimate_tokens,
)
from ai_assistant.providers.errors import (
    ProviderError,
    Remedy,
    UnknownModelError,
    broke_off,
    timed_out,
)
from ai_assistant.providers.registry import Candidate, Providers
from ai_assistant.retries import RetryPolicy
from ai_assistant.usage import Operation, Usage, UsageLedger, UsageRecord
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

CALLS = Counter("ai_provider_calls_total", "Calls of the providers.", ["provider", "outcome"])
FALLBACKS = Counter("ai_fallbacks_total", "Calls handed to the fallback model.", ["provider"])
DURATION = Histogram(
    "ai_provider_call_duration_seconds",
    "Seconds a call of a provider took, to its last token.",
    ["provider"],
    buckets=(0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120),
)

OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Call:
    user_id: UUID
    operation: Operation
    prompt: Prompt
    seconds: float
    markers: Sequence[str] = ()
    """Signs of prompt injection in what the user wrote."""


@dataclass(frozen=True)
class Answer:
    text: str
    finish_reason: FinishReason
    usage: Usage
    model: str
    fallback_for: str | None


@dataclass
class _Tally:
    """What came so far of one attempt."""

    candidate: Candidate
    prompt: Prompt
    texts: list[str] = field(default_factory=list)
    input: int | None = None
    output: int | None = None
    heard: bool = False
    final: bool = False
    billed: bool = True
    reason: FinishReason | None = None

    def count(self, tokens: Tokens) -> None:
        self.input = self.input if tokens.input is None else tokens.input
        self.output = self.output if tokens.output is None else tokens.output

    def finish(self, reason: FinishReason) -> None:
        self.reason = FinishReason.REFUSAL if FinishReason.REFUSAL in {self.reason, reason} else reason

    def usage(self) -> Usage:
        """The provider's counts if the answer came to its end; else the output is what its text suggests."""
        if not self.billed:
            return Usage(0, 0, estimated=False)
        counted_input = self.prompt.estimated_tokens() if self.input is None else self.input
        if self.final and self.output is not None:
            return Usage(counted_input, self.output, estimated=self.input is None)
        output = max(estimate_tokens("".join(self.texts)), self.output or 0)
        return Usage(counted_input, output, estimated=True)

    def answer(self, asked: str) -> Answer:
        text, reason = "".join(self.texts), self.reason or FinishReason.STOP
        if not text.strip():
            if reason is FinishReason.REFUSAL:
                raise ProblemError(422, "The model declined to answer.")
            raise ProblemError(502, f"The model gave no text (it finished with {reason.value!r}).")
        return Answer(text, reason, self.usage(), self.candidate.model, self._fallback_for(asked))

    def record(self, call: Call) -> UsageRecord:
        return UsageRecord(
            call.user_id,
            call.operation,
            self.candidate.provider.name,
            self.candidate.model,
            self.usage(),
            fallback_for=self._fallback_for(call.prompt.model),
            model_is_real=self.heard,
        )

    def _fallback_for(self, asked: str) -> str | None:
        return None if self.candidate.model == asked else asked


class Completions:
    def __init__(
        self, providers: Providers, budget: TokenBudget, ledger: UsageLedger, retries: RetryPolicy
    ) -> None:
        self._providers = providers
        self._budget = budget
        self._ledger = ledger
        self._retries = retries

    def check(self, model: str) -> None:
        """Raise the problem a call of this model would meet before it is sent."""
        self._providers.candidates(model)

    async def run(self, call: Call, on_text: OnText) -> Answer:
        """Call the model, telling `on_text` of each piece. Cancelling stops the call; its cost is kept."""
        candidates = self._providers.candidates(call.prompt.model)
        await self._ledger.ready()
        most = call.prompt.estimated_tokens() + call.prompt.max_tokens
        reservation = await self._budget.reserve(call.user_id, most)
        attempts = _Attempts(call, on_text, self._retries)
        try:
            await self._ask(candidates, attempts)
        finally:
            await _to_the_end(self._settle(call, attempts.tallies, reservation))
        return attempts.tallies[-1].answer(call.prompt.model)

    async def _ask(self, candidates: Sequence[Candidate], attempts: "_Attempts") -> None:
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

    async def _try(self, candidate: Candidate, attempts: "_Attempts", *, last: bool) -> None:
        try:
            await attempts.make(candidate, last=last)
        except UnknownModelError as error:
            raise self._providers.explain(error, candidate) from error

    async def _settle(self, call: Call, tallies: Sequence[_Tally], reservation: Reservation) -> None:
        records = [tally.record(call) for tally in tallies if tally.usage().total]
        await self._ledger.record(records, call.user_id, call.operation, call.markers)
        await self._budget.settle(reservation, sum(record.usage.total for record in records))


class _Attempts:
    """The attempts at one call, all within its time.

    The first of two models has half of the time for its first text: else a silent one would leave none for
    the other.
    """

    def __init__(self, call: Call, on_text: OnText, retries: RetryPolicy) -> None:
        self.tallies: list[_Tally] = []
        self._call = call
        self._on_text = on_text
        self._retries = retries
        self._now = asyncio.get_running_loop().time
        self._begun = self._now()

    @property
    def has_text(self) -> bool:
        return any(tally.texts for tally in self.tallies)

    async def make(self, candidate: Candidate, *, last: bool) -> None:
        """Try a model until it answers or there is nothing more to try."""
        first_text_by = self._begun + self._call.seconds * (1 if last else 0.5)
        for number in count(1):
            tally = _Tally(candidate, replace(self._call.prompt, model=candidate.model))
            self.tallies.append(tally)
            try:
                await self._measured(tally, first_text_by)
            except ProviderError as error:
                pause = None if tally.texts else self._retries.pause(number, error)
                if pause is None or self._now() + pause >= first_text_by:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _measured(self, tally: _Tally, first_text_by: float) -> None:
        provider = tally.candidate.provider.name
        started, outcome = perf_counter(), "cancelled"
        try:
            await self._consume(tally, first_text_by)
            outcome = "ok"
        except ProviderError as error:
            outcome = str(error.status_code)
            tally.billed = error.billed or tally.heard
            raise
        finally:
            CALLS.labels(provider, outcome).inc()
            DURATION.labels(provider).observe(perf_counter() - started)

    async def _consume(self, tally: _Tally, first_text_by: float) -> None:
        provider = tally.candidate.provider
        try:
            async with (
                asyncio.timeout_at(first_text_by) as limit,
                aclosing(provider.stream(tally.prompt)) as pieces,
            ):
                async for piece in pieces:
                    tally.heard = True
                    match piece:
                        case Text(value):
                            limit.reschedule(self._begun + self._call.seconds)
                            tally.texts.append(value)
                            await self._on_text(value)
                        case Tokens():
                            tally.count(piece)
                        case Finished(reason):
                            tally.finish(reason)
        except TimeoutError as error:
            raise timed_out(provider.name) from error
        if tally.reason is None:
            raise broke_off(provider.name)
        tally.final = True


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work` even when the caller is cancelled meanwhile; only then is the caller's work cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
