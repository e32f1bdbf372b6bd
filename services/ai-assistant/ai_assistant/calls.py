"""A call of a model, and its result."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ai_assistant.providers.base import FinishReason, Prompt, Text, Thought, Tokens, estimate_tokens
from ai_assistant.providers.characters import Characters
from ai_assistant.providers.registry import Candidate
from ai_assistant.usage import Operation, Usage, UsageRecord
from assistants_common.problems import ProblemError

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
class Tally:
    """The output of one attempt so far."""

    candidate: Candidate
    prompt: Prompt
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    input: int | None = None
    output: int | None = None
    heard: bool = False
    final: bool = False
    cut: bool = False
    """Longer than was asked for, and so given up: not every server keeps to the limit."""
    billed: bool = True
    reason: FinishReason | None = None
    _characters: Characters = field(default_factory=Characters)
    _bytes: int = 0

    def take(self, piece: Text) -> str:
        """The whole characters that a piece adds to the answer, up to the answer's length limit."""
        if isinstance(piece, Thought):
            self.thoughts.append(self._within_limit(piece.value.encode(errors="replace")))
            return ""
        return self._add(self._characters.feed(piece.value))

    def rest(self) -> str:
        """The bytes of an unfinished character, at the end of the answer."""
        return self._add(self._characters.rest())

    def count(self, tokens: Tokens) -> None:
        self.input = self.input if tokens.input is None else tokens.input
        self.output = self.output if tokens.output is None else tokens.output

    def finish(self, reason: FinishReason) -> None:
        """The first reason counts, unless the model declined."""
        self.reason = FinishReason.REFUSAL if reason is FinishReason.REFUSAL else self.reason or reason

    def usage(self) -> Usage:
        """The provider's counts for a complete answer; otherwise an estimate of the output from its text."""
        if not self.billed:
            return Usage(0, 0, estimated=False)
        counted_input = self.prompt.estimated_tokens() if self.input is None else self.input
        if self.final and self.output is not None:
            return Usage(counted_input, self.output, estimated=self.input is None)
        output = max(estimate_tokens("".join([*self.thoughts, *self.texts])), self.output or 0)
        return Usage(counted_input, output, estimated=True)

    def answer(self, asked: str) -> Answer:
        """The answer; 422 without text, because another question or model may bring one."""
        text, reason = "".join(self.texts), self.reason or FinishReason.STOP
        if not text.strip():
            raise ProblemError(422, self._why_empty(reason))
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

    def _add(self, text: str) -> str:
        kept = self._within_limit(text.encode())
        if kept:
            self.texts.append(kept)
        return kept

    def _within_limit(self, data: bytes) -> str:
        kept = data[: self.prompt.most_bytes() - self._bytes]
        self._bytes += len(kept)
        self.cut = self.cut or len(kept) < len(data)
        return kept.decode(errors="ignore")

    def _why_empty(self, reason: FinishReason) -> str:
        if reason is FinishReason.REFUSAL:
            return "The model declined to answer."
        if reason is FinishReason.LENGTH:
            return (
                f"The model {self.candidate.model!r} used up its {self.prompt.max_tokens} tokens"
                " (AI_MAX_OUTPUT_TOKENS) before it gave any text: ask for less, or a model that thinks less."
            )
        return f"The model {self.candidate.model!r} gave no text: ask in other words, or another model."

    def _fallback_for(self, asked: str) -> str | None:
        return None if self.candidate.model == asked else asked
