"""Calls of models: within the user's budget and a time limit, with their usage on record."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import UUID

from prometheus_client import Counter, Histogram

from ai_assistant.budget import Reservation, TokenBudget
from ai_assistant.providers.base import (
    Finished,
    FinishReason,
    Prompt,
    Provider,
    Text,
    Tokens,
    estimate_tokens,
)
from ai_assistant.providers.errors import ProviderError, broke_off, timed_out
from ai_assistant.providers.registry import Providers
from ai_assistant.usage import Operation, Usage, UsageLedger, UsageRecord
from assistants_common.problems import ProblemError

CALLS = Counter("ai_provider_calls_total", "Calls of the providers.", ["provider", "outcome"])
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


@dataclass(frozen=True)
class Answer:
    text: str
    finish_reason: FinishReason
    usage: Usage


@dataclass
class _Tally:
    """What came so far."""

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

    def answer(self) -> Answer:
        text, reason = "".join(self.texts), self.reason or FinishReason.STOP
        if not text.strip():
            if reason is FinishReason.REFUSAL:
                raise ProblemError(422, "The model declined to answer.")
            raise ProblemError(502, f"The model gave no text (it finished with {reason.value!r}).")
        return Answer(text, reason, self.usage())


class Completions:
    def __init__(self, providers: Providers, budget: TokenBudget, ledger: UsageLedger) -> None:
        self._providers = providers
        self._budget = budget
        self._ledger = ledger

    def check(self, model: str) -> None:
        """Raise the problem a call of this model would meet before it is sent."""
        self._providers.for_model(model)

    async def run(self, call: Call, on_text: OnText) -> Answer:
        """Call the model, telling `on_text` of each piece. Cancelling stops the call; its cost is kept."""
        provider = self._providers.for_model(call.prompt.model)
        most = call.prompt.estimated_tokens() + call.prompt.max_tokens
        reservation = await self._budget.reserve(call.user_id, most)
        tally = _Tally(call.prompt)
        started, outcome = perf_counter(), "cancelled"
        try:
            await _consume(provider, call, tally, on_text)
            outcome = "ok"
        except ProviderError as error:
            outcome = str(error.status_code)
            tally.billed = error.billed or tally.heard
            raise
        finally:
            CALLS.labels(provider.name, outcome).inc()
            DURATION.labels(provider.name).observe(perf_counter() - started)
            await _to_the_end(self._settle(provider.name, call, tally, reservation))
        return tally.answer()

    async def _settle(self, provider: str, call: Call, tally: _Tally, reservation: Reservation) -> None:
        usage = tally.usage()
        if usage.total:
            record = UsageRecord(
                call.user_id, call.operation, provider, call.prompt.model, usage, tally.heard
            )
            await self._ledger.record(record)
        await self._budget.settle(reservation, usage.total)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work` even when the caller is cancelled meanwhile; only then is the caller's work cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _consume(provider: Provider, call: Call, tally: _Tally, on_text: OnText) -> None:
    try:
        async with asyncio.timeout(call.seconds), aclosing(provider.stream(call.prompt)) as pieces:
            async for piece in pieces:
                tally.heard = True
                match piece:
                    case Text(value):
                        tally.texts.append(value)
                        await on_text(value)
                    case Tokens():
                        tally.count(piece)
                    case Finished(reason):
                        tally.finish(reason)
    except TimeoutError as error:
        raise timed_out(provider.name) from error
    if tally.reason is None:
        raise broke_off(provider.name)
    tally.final = True
