"""The interface of a provider."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import index
from typing import Literal, Protocol

_BYTES_PER_TOKEN = 4
_MOST_BYTES_PER_TOKEN = 16
_MOST_TOKENS = 1_000_000_000


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"


@dataclass(frozen=True)
class ChatMessage:
    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    model: str
    system: str
    messages: Sequence[ChatMessage]
    max_tokens: int

    def most_bytes(self) -> int:
        """Length limit of an answer in bytes, for servers that ignore the limit of tokens."""
        return self.max_tokens * _MOST_BYTES_PER_TOKEN

    def estimated_tokens(self) -> int:
        return estimate_tokens(self.system, *(message.content for message in self.messages))


# Nothing checks the providers' data before, so the pieces check themselves.


@dataclass(frozen=True)
class Text:
    """A piece of the answer. It may begin or end within a character, see characters.py."""

    value: str

    def __post_init__(self) -> None:
        if not isinstance(self.value, str):
            raise TypeError(f"no text: {type(self.value).__name__}")


class Thought(Text):
    """A piece of a model's reasoning before its answer; empty when the provider hides the text."""


@dataclass(frozen=True)
class Tokens:
    """The provider's counts so far. A later count replaces an earlier one; None keeps it."""

    input: int | None = None
    output: int | None = None

    def __post_init__(self) -> None:
        for count in (self.input, self.output):
            if count is not None and not 0 <= index(count) <= _MOST_TOKENS:
                raise ValueError(f"no count of tokens: {count}")


@dataclass(frozen=True)
class Finished:
    """The provider's own sign that the answer ended."""

    reason: FinishReason


Piece = Text | Thought | Tokens | Finished


class Provider(Protocol):
    """A provider raises ProblemError for every failure."""

    @property
    def name(self) -> str: ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]: ...

    async def model_names(self) -> list[str]: ...

    async def close(self) -> None: ...


def estimate_tokens(*texts: str) -> int:
    """A rough count for when the provider gives none: a token for four bytes, or two Cyrillic letters."""
    return sum(-(-len(text.encode()) // _BYTES_PER_TOKEN) for text in texts)
