"""OpenAI, and servers with its chat completions interface."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import httpx2
import openai
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionMessageParam,
    ChatCompletionSystemMessageParam,
    ChatCompletionUserMessageParam,
)

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
from ai_assistant.providers.documents import Document, documents, read_document
from ai_assistant.providers.errors import OPENAI, Raised, provider_errors
from ai_assistant.providers.finish_reasons import finish_reason
from ai_assistant.providers.meanings import LIMIT, OLDER_LIMIT, STREAM_OPTIONS

_RAISED = Raised(openai.APITimeoutError, openai.APIConnectionError, openai.APIError, openai.OpenAIError)
# Optional parameters that self-hosted servers may not know.
_DISPENSABLE = frozenset({LIMIT, STREAM_OPTIONS})
# Fields with a model's reasoning: of DeepSeek and llama.cpp, then of vLLM and Ollama, then of OpenRouter.
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")


class OpenAIProvider:
    name = OPENAI

    def __init__(self, api_key: str, base_url: str | None, timeout: httpx2.Timeout) -> None:
        # retries.py decides about retries for all providers.
        self._client = openai.AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,
            # A redirect means a wrong address, and following it may send the key elsewhere.
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )
        self._refused: dict[str, frozenset[str]] = {}
        """By model: the parameters its server does not take."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        with provider_errors(self.name, _RAISED, prompt.model):
            response = await self._send(prompt)
            async with aclosing(response), aclosing(documents(response)) as found:
                async for document in found:
                    for piece in _pieces(document):
                        yield piece

    async def model_names(self) -> list[str]:
        with provider_errors(self.name, _RAISED):
            response = await self._client.get("/models", cast_to=httpx2.Response)
            return _model_names(response)

    async def close(self) -> None:
        await self._client.close()

    async def _send(self, prompt: Prompt) -> httpx2.Response:
        """Send the prompt; repeat without the parameters that the server refuses by name."""
        refused = self._refused.get(prompt.model, frozenset())
        while True:
            try:
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=prompt.model,
                    messages=_messages(prompt),
                    stream=True,
                    extra_body=_parameters(prompt, refused),
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                named = {name for name in _DISPENSABLE - refused if name in str(error.body)}
                if not named:
                    raise
                refused |= named
            else:
                if refused:
                    self._refused[prompt.model] = refused
                return raw.http_response


def _parameters(prompt: Prompt, refused: frozenset[str]) -> dict[str, object]:
    parameters: dict[str, object] = {OLDER_LIMIT if LIMIT in refused else LIMIT: prompt.max_tokens}
    if STREAM_OPTIONS not in refused:
        parameters[STREAM_OPTIONS] = {"include_usage": True}
    return parameters


def _messages(prompt: Prompt) -> list[ChatCompletionMessageParam]:
    system = ChatCompletionSystemMessageParam(role="system", content=prompt.system)
    return [system, *(_message(message) for message in prompt.messages)]


def _message(message: ChatMessage) -> ChatCompletionMessageParam:
    if message.role == "user":
        return ChatCompletionUserMessageParam(role="user", content=message.content)
    return ChatCompletionAssistantMessageParam(role="assistant", content=message.content)


def _pieces(document: Document | None) -> Iterator[Piece]:
    if document is None:
        yield Finished(FinishReason.STOP)
        return
    if "choices" not in document and "usage" not in document:
        raise ValueError("neither choices nor usage")
    for choice in document.get("choices") or []:
        # A server that does not stream sends a whole message. Azure also sends choices without delta or
        # message.
        yield from _said(choice.get("delta", choice.get("message", {})))
        if choice.get("finish_reason"):
            yield Finished(finish_reason(choice["finish_reason"]))
    if usage := document.get("usage"):
        yield Tokens(usage.get("prompt_tokens"), usage.get("completion_tokens"))


def _said(message: Document) -> Iterator[Piece]:
    for name in _THOUGHTS:
        if thought := message.get(name):
            yield Thought(thought if isinstance(thought, str) else "")
            break
    if content := message.get("content"):
        yield from _parts(content) if isinstance(content, list) else [Text(content)]
    if message.get("refusal"):
        yield Finished(FinishReason.REFUSAL)


def _parts(parts: list[Document]) -> Iterator[Piece]:
    """Content in parts, as Mistral's reasoning models send it."""
    for part in parts:
        yield Text(part["text"]) if part["type"] == "text" else Thought("")


def _model_names(response: httpx2.Response) -> list[str]:
    """The model names. Some servers send a bare list, and some omit an empty list."""
    if response.text.lstrip().startswith("["):
        models = response.json()
    else:
        document = read_document(response.content) or {}
        models = document["data"] if document["data"] is not None else []
    if not isinstance(models, list):
        raise TypeError("no list of models")
    return [str(model["id"]) for model in models]
