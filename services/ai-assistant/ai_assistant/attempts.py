"""The attempts at one call of a model."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from time import perf_counter

from prometheus_client import Counter, Histogram

from ai_assistant.calls import Call, OnText, Tally
from ai_assistant.providers.base import Finished, FinishReason, Piece, Text, Tokens
from ai_assistant.providers.errors import ProviderError, broke_off, timed_out
from ai_assistant.providers.registry import Candidate
from ai_assistant.retries import RetryPolicy

CALLS = Counter("ai_provider_calls_total", "Calls of the providers.", ["provider", "outcome"])
DURATION = Histogram(
    "ai_provider_call_duration_seconds",
    "Seconds a call of a provider took, to its last token.",
    ["provider"],
    buckets=(0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120),
)
SHARE_OF_THE_FIRST = 0.5


class Attempts:
    """The time limit of the call covers all its attempts.

    The first of two models may be silent for half of the limit, so that the other has time left. A model that
    reports thinking is not silent.
    """

    def __init__(self, call: Call, on_text: OnText, retries: RetryPolicy) -> None:
        self.tallies: list[Tally] = []
        self._call = call
        self._on_text = on_text
        self._retries = retries
        self._now = asyncio.get_running_loop().time
        self._begun = self._now()
        self._end = self._begun + call.seconds

    @property
    def has_text(self) -> bool:
        return any(tally.texts for tally in self.tallies)

    async def make(self, candidate: Candidate, *, last: bool) -> None:
        """Try a model until it answers or its retries are used up."""
        silence = self._call.seconds * (1 if last else SHARE_OF_THE_FIRST)
        for number in count(1):
            tally = Tally(candidate, replace(self._call.prompt, model=candidate.model))
            self.tallies.append(tally)
            try:
                await self._measured(tally, silence)
            except ProviderError as error:
                pause = None if tally.texts else self._retries.pause(number, error)
                if pause is None or self._now() + pause >= self._begun + silence:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _measured(self, tally: Tally, silence: float) -> None:
        provider = tally.candidate.provider.name
        started, outcome = perf_counter(), "cancelled"
        try:
            await self._consume(tally, silence)
            outcome = "ok"
        except ProviderError as error:
            outcome = str(error.status_code)
            tally.billed = error.billed or tally.heard
            raise
        finally:
            CALLS.labels(provider, outcome).inc()
            DURATION.labels(provider).observe(perf_counter() - started)

    async def _consume(self, tally: Tally, silence: float) -> None:
        provider = tally.candidate.provider
        try:
            async with (
                asyncio.timeout_at(self._begun + silence) as limit,
                aclosing(provider.stream(tally.prompt)) as pieces,
            ):
                async for piece in pieces:
                    tally.heard = True
                    await self._take(piece, tally)
                    if isinstance(piece, Text):
                        patience = self._end if tally.texts else self._now() + silence
                        limit.reschedule(min(patience, self._end))
                    if tally.cut:
                        break
                await self._tell(tally.rest())
        except TimeoutError as error:
            raise timed_out(provider.name) from error
        if tally.cut:
            tally.finish(FinishReason.LENGTH)
        elif tally.reason is None:
            raise broke_off(provider.name)
        else:
            tally.final = True

    async def _take(self, piece: Piece, tally: Tally) -> None:
        match piece:
            case Text():
                await self._tell(tally.take(piece))
            case Tokens():
                tally.count(piece)
            case Finished(reason):
                tally.finish(reason)

    async def _tell(self, text: str) -> None:
        if text:
            await self._on_text(text)
