"""OpenAI, and whatever speaks its chat completions interface."""

from collections.abc import AsyncGenerator

import httpx2
import openai
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionMessageParam,
    ChatCompletionSystemMessageParam,
    ChatCompletionUserMessageParam,
)

from ai_assistant.providers.base import ChatMessage, Finished, FinishReason, Piece, Prompt, Text, Tokens
from ai_assistant.providers.errors import OPENAI, Raised, provider_errors

_REASONS = {"length": FinishReason.LENGTH, "content_filter": FinishReason.REFUSAL}
_RAISED = Raised(openai.APITimeoutError, openai.APIConnectionError, openai.APIError, openai.OpenAIError)


class OpenAIProvider:
    name = OPENAI

    def __init__(self, api_key: str, base_url: str | None, timeout: httpx2.Timeout) -> None:
        # When to try again is decided in one place for all providers, see retries.py.
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        with provider_errors(self.name, _RAISED, prompt.model):
            response = await self._client.chat.completions.create(
                model=prompt.model,
                messages=_messages(prompt),
                max_completion_tokens=prompt.max_tokens,
                stream=True,
                stream_options={"include_usage": True},
            )
            async with response:
                async for chunk in response:
                    for piece in _pieces(chunk):
                        yield piece

    async def model_names(self) -> list[str]:
        with provider_errors(self.name, _RAISED):
            return [str(model.id) async for model in self._client.models.list()]

    async def close(self) -> None:
        await self._client.close()


def _messages(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    system = ChatCompletionSystemMessageParam(role="system", content=prompt.system)
    return [system, *(_message(message) for message in prompt.messages)]


def _message(message: ChatMessage) -> ChatCompletionMessageParam:
    if message.role == "user":
        return ChatCompletionUserMessageParam(role="user", content=message.content)
    return ChatCompletionAssistantMessageParam(role="assistant", content=message.content)


def _pieces(chunk: ChatCompletionChunk) -> list[Piece]:
    pieces: list[Piece] = []
    for choice in chunk.choices:
        if choice.delta.content:
            pieces.append(Text(choice.delta.content))
        if choice.delta.refusal:
            pieces.append(Finished(FinishReason.REFUSAL))
        if choice.finish_reason:
            pieces.append(Finished(_REASONS.get(choice.finish_reason, FinishReason.STOP)))
    if chunk.usage:
        pieces.append(Tokens(chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
    return pieces
