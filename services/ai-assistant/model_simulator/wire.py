"""The two interfaces, as documents: OpenAI's chat completions and Anthropic's messages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CREATED = 1_780_000_000
OPENAI_MODELS, ANTHROPIC_MODELS = ("gpt-simulator",), ("claude-simulator",)
_BYTES_PER_TOKEN = 4
_ANTHROPIC_REASONS = {"stop": "end_turn", "length": "max_tokens"}

Document = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    model: str
    pieces: Sequence[str]
    reason: str
    input_tokens: int

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def output_tokens(self) -> int:
        return count_tokens(self.text)


def count_tokens(text: str) -> int:
    return -(-len(text.encode(errors="replace")) // _BYTES_PER_TOKEN)


def text_of(content: object) -> str:
    """The text of a content, which is a string or a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def openai_whole(reply: Reply) -> Document:
    message = {"role": "assistant", "content": reply.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.reason}
    return {**_envelope(reply, "chat.completion"), "choices": [choice], "usage": _openai_usage(reply)}


def openai_stream(reply: Reply, *, with_usage: bool) -> Iterator[bytes]:
    yield _chunk(reply, {"role": "assistant", "content": ""})
    for piece in reply.pieces:
        yield _chunk(reply, {"content": piece})
    yield _chunk(reply, {}, reply.reason)
    if with_usage:
        envelope = _envelope(reply, "chat.completion.chunk")
        yield _data({**envelope, "choices": [], "usage": _openai_usage(reply)})
    yield b"data: [DONE]\n\n"


def anthropic_whole(reply: Reply) -> Document:
    return {
        **_message(reply, reply.output_tokens),
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": _ANTHROPIC_REASONS[reply.reason],
    }


def anthropic_stream(reply: Reply) -> Iterator[bytes]:
    yield _event("message_start", message=_message(reply, 1))
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in reply.pieces:
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield _event("content_block_stop", index=0)
    delta = {"stop_reason": _ANTHROPIC_REASONS[reply.reason], "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage={"output_tokens": reply.output_tokens})
    yield _event("message_stop")


def openai_models() -> Document:
    models = [
        {"id": name, "object": "model", "created": CREATED, "owned_by": "simulator"} for name in OPENAI_MODELS
    ]
    return {"object": "list", "data": models}


def anthropic_models() -> Document:
    models = [
        {"type": "model", "id": name, "display_name": "Simulator", "created_at": "2026-01-01T00:00:00Z"}
        for name in ANTHROPIC_MODELS
    ]
    return {"data": models, "has_more": False, "first_id": models[0]["id"], "last_id": models[-1]["id"]}


def openai_error(message: str) -> Document:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def anthropic_error(message: str) -> Document:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


def _envelope(reply: Reply, kind: str) -> Document:
    return {"id": "chatcmpl-simulator", "object": kind, "created": CREATED, "model": reply.model}


def _chunk(reply: Reply, delta: Mapping[str, object], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _data({**_envelope(reply, "chat.completion.chunk"), "choices": [choice]})


def _openai_usage(reply: Reply) -> Document:
    return {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }


def _message(reply: Reply, output_tokens: int) -> Document:
    return {
        "id": "msg_simulator",
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": reply.input_tokens, "output_tokens": output_tokens},
    }


def _event(name: str, **members: object) -> bytes:
    return f"event: {name}\n".encode() + _data({"type": name, **members})


def _data(document: Mapping[str, object]) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()
