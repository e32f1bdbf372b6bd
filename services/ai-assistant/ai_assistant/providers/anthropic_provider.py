"""Anthropic, and servers with its messages interface."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import anthropic
import httpx2
from anthropic.types import AssistantMessageParam, MessageParam, UserMessageParam

from ai_assistant.providers.base import (
    ChatMessage,
    Finished,
    FinishReason,
    Piece,
    Prompt,
    Text,
    Thought,
    Tokens,
)
from ai_assistant.providers.documents import Document, documents
from ai_assistant.providers.errors import ANTHROPIC, Raised, provider_errors
from ai_assistant.providers.finish_reasons import finish_reason

_RETIRED = "retired"
_THINKING_BLOCKS = {"thinking", "redacted_thinking"}
_THINKING_DELTAS = {"thinking_delta", "signature_delta"}
_RAISED = Raised(
    anthropic.APITimeoutError, anthropic.APIConnectionError, anthropic.APIError, anthropic.AnthropicError
)


class AnthropicProvider:
    name = ANTHROPIC

    def __init__(self, api_key: str, base_url: str | None, timeout: httpx2.Timeout) -> None:
        # retries.py decides about retries for all providers.
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # A redirect means a wrong address, and following it may send the key elsewhere.
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False),
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        with provider_errors(self.name, _RAISED, prompt.model):
            raw = await self._client.messages.with_raw_response.create(
                model=prompt.model,
                system=prompt.system,
                messages=[_message(message) for message in prompt.messages],
                max_tokens=prompt.max_tokens,
                stream=True,
            )
            response = raw.http_response
            async with aclosing(response), aclosing(documents(response)) as found:
                async for document in found:
                    for piece in _pieces(document):
                        yield piece

    async def model_names(self) -> list[str]:
        with provider_errors(self.name, _RAISED):
            page = await self._client.models.list()
            if not isinstance(page.data, list):
                raise TypeError("no list of models")
            return [str(item.id) async for item in page if getattr(item, "lifecycle", None) != _RETIRED]

    async def close(self) -> None:
        await self._client.close()


def _message(message: ChatMessage) -> MessageParam:
    if message.role == "user":
        return UserMessageParam(role="user", content=message.content)
    return AssistantMessageParam(role="assistant", content=message.content)


def _pieces(event: Document | None) -> Iterator[Piece]:
    match event:
        case None | {"type": "message_stop"}:
            yield Finished(FinishReason.STOP)
        case {"type": "message"}:
            yield from _whole(event)
        case {"type": "message_start"}:
            yield _tokens(event["message"]["usage"])
        case {"type": "content_block_start"} if event["content_block"]["type"] in _THINKING_BLOCKS:
            yield Thought("")
        case {"type": "content_block_delta"}:
            yield from _delta(event["delta"])
        case {"type": "message_delta"}:
            yield _tokens(event["usage"])
            if reason := event["delta"].get("stop_reason"):
                yield Finished(finish_reason(reason))
        case _:
            # Events of the server, such as a ping, carry no output of the model.
            pass


def _delta(delta: Document) -> Iterator[Piece]:
    if delta["type"] == "text_delta":
        yield Text(delta["text"])
    elif delta["type"] in _THINKING_DELTAS:
        yield Thought(delta.get("thinking") or "")


def _whole(message: Document) -> Iterator[Piece]:
    """The pieces of a whole message, from a server that does not stream."""
    for block in message["content"]:
        if block["type"] == "text":
            yield Text(block["text"])
        elif block["type"] in _THINKING_BLOCKS:
            yield Thought(block.get("thinking") or "")
    yield _tokens(message["usage"])
    if reason := message.get("stop_reason"):
        yield Finished(finish_reason(reason))


def _tokens(usage: Document) -> Tokens:
    """The token counts. Anthropic counts cached input apart; it belongs to the input all the same."""
    given, output = usage.get("input_tokens"), usage.get("output_tokens")
    if given is None:
        return Tokens(None, output)
    cached = (usage.get("cache_creation_input_tokens") or 0) + (usage.get("cache_read_input_tokens") or 0)
    return Tokens(given + cached, output)
