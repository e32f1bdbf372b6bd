"""Anthropic."""

from collections.abc import AsyncGenerator

import anthropic
import httpx2
from anthropic.types import (
    AssistantMessageParam,
    MessageDeltaUsage,
    MessageParam,
    RawMessageStreamEvent,
    Usage,
    UserMessageParam,
)

from ai_assistant.providers.base import ChatMessage, Finished, FinishReason, Piece, Prompt, Text, Tokens
from ai_assistant.providers.errors import ANTHROPIC, Raised, provider_errors

_RETIRED = "retired"
_REASONS = {
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.REFUSAL,
}
_RAISED = Raised(
    anthropic.APITimeoutError, anthropic.APIConnectionError, anthropic.APIError, anthropic.AnthropicError
)


class AnthropicProvider:
    name = ANTHROPIC

    def __init__(self, api_key: str, base_url: str | None, timeout: httpx2.Timeout) -> None:
        # When to try again is decided in one place for all providers, see retries.py.
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        with provider_errors(self.name, _RAISED, prompt.model):
            response = await self._client.messages.create(
                model=prompt.model,
                system=prompt.system,
                messages=[_message(message) for message in prompt.messages],
                max_tokens=prompt.max_tokens,
                stream=True,
            )
            async with response:
                async for event in response:
                    for piece in _pieces(event):
                        yield piece

    async def model_names(self) -> list[str]:
        with provider_errors(self.name, _RAISED):
            models = self._client.models.list()
            return [str(item.id) async for item in models if getattr(item, "lifecycle", None) != _RETIRED]

    async def close(self) -> None:
        await self._client.close()


def _message(message: ChatMessage) -> MessageParam:
    if message.role == "user":
        return UserMessageParam(role="user", content=message.content)
    return AssistantMessageParam(role="assistant", content=message.content)


def _pieces(event: RawMessageStreamEvent) -> list[Piece]:
    if event.type == "message_start":
        return [_tokens(event.message.usage)]
    if event.type == "content_block_delta" and event.delta.type == "text_delta":
        return [Text(event.delta.text)]
    if event.type == "message_delta":
        reason = event.delta.stop_reason
        finished = [Finished(_REASONS.get(reason, FinishReason.STOP))] if reason else []
        return [_tokens(event.usage), *finished]
    return []


def _tokens(usage: Usage | MessageDeltaUsage) -> Tokens:
    """Input read from a cache, or written to it, is counted apart and belongs to the input all the same."""
    if usage.input_tokens is None:
        return Tokens(None, usage.output_tokens)
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return Tokens(usage.input_tokens + cached, usage.output_tokens)
