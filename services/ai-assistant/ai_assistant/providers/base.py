"""What the service asks of a provider."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import index
from typing import Literal, Protocol

_BYTES_PER_TOKEN = 4
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

    def estimated_tokens(self) -> int:
        return estimate_tokens(self.system, *(message.content for message in self.messages))


# The SDKs hand on what they read without checking it, so the pieces check themselves.


@dataclass(frozen=True)
class Text:
    """A piece of the answer, without what neither PostgreSQL nor UTF-8 can hold."""

    value: str

    def __post_init__(self) -> None:
        clean = self.value.replace("\0", "").encode(errors="replace").decode()
        object.__setattr__(self, "value", clean)


@dataclass(frozen=True)
class Tokens:
    """What the provider has counted so far; later counts replace earlier ones, None leaves them."""

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


Piece = Text | Tokens | Finished


class Provider(Protocol):
    """Raises ProblemError for whatever goes wrong at the provider."""

    @property
    def name(self) -> str: ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]: ...

    async def model_names(self) -> list[str]: ...

    async def close(self) -> None: ...


def estimate_tokens(*texts: str) -> int:
    """A rough count for when the provider gives none: a token for four bytes, or two Cyrillic letters."""
    return sum(-(-len(text.encode()) // _BYTES_PER_TOKEN) for text in texts)
