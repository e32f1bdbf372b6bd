"""Streams as the providers write them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

CREATED = 1_780_000_000
_OPENAI_REASONS = {"refusal": "content_filter"}
_ANTHROPIC_REASONS = {"stop": "end_turn", "length": "max_tokens"}


@dataclass(frozen=True)
class Reply:
    """An answer: its text, and the fault during its transfer."""

    pieces: Sequence[str] = ("Use ", "Записать().")
    input_tokens: int = 21
    output_tokens: int = 8
    reason: str = "stop"
    refusal: str | None = None
    """In the place of pieces; OpenAI only."""
    with_usage: bool = True
    pause: float = 0
    """Seconds before every piece."""
    hangs: bool = False
    """After the pieces nothing more comes."""
    cut: bool = False
    """After the pieces the response ends."""
    error: str | None = None
    """After the pieces an error of this type is sent."""
    drops: bool = False
    """After the pieces the connection is lost."""
    garbage: bool = False
    """After the pieces something is sent that is not JSON."""
    raw: bytes = b""
    """Sent after the pieces as it is; the answer goes on."""

    @property
    def ends_early(self) -> bool:
        return self.hangs or self.cut or self.drops or self.garbage or self.error is not None


def openai_error(type_: str, message: str, code: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": type_, "param": None, "code": code or type_}}


def anthropic_error(type_: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_stand_in"}


def openai_head(model: str) -> Iterator[bytes]:
    yield _openai_chunk(model, {"role": "assistant", "content": "", "refusal": None})


def openai_refusal(model: str, text: str) -> bytes:
    return _openai_chunk(model, {"refusal": text})


def openai_piece(model: str, text: str) -> bytes:
    return _openai_chunk(model, {"content": text})


def openai_tail(model: str, reply: Reply) -> Iterator[bytes]:
    if reply.garbage:
        yield b"data: {not json\n\n"
    elif reply.error:
        yield _data(openai_error(reply.error, "the stand-in fails within the stream"))
    if reply.ends_early:
        return
    yield _openai_chunk(model, {}, _OPENAI_REASONS.get(reply.reason, reply.reason))
    if reply.with_usage:
        usage = {
            "prompt_tokens": reply.input_tokens,
            "completion_tokens": reply.output_tokens,
            "total_tokens": reply.input_tokens + reply.output_tokens,
        }
        yield _data({**_openai_envelope(model), "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def anthropic_head(model: str, reply: Reply) -> Iterator[bytes]:
    usage = {
        "input_tokens": reply.input_tokens - 1,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1,
        "output_tokens": 1,
    }
    message: dict[str, object] = {
        "id": "msg_stand_in",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    yield _event("message_start", {"message": message})
    yield _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
    yield _event("ping", {})


def anthropic_piece(text: str) -> bytes:
    return _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})


def anthropic_tail(reply: Reply) -> Iterator[bytes]:
    if reply.garbage:
        yield b"event: content_block_delta\ndata: {not json\n\n"
    elif reply.error:
        yield b"event: error\n" + _data(anthropic_error(reply.error, "the stand-in fails within the stream"))
    if reply.ends_early:
        return
    reason = _ANTHROPIC_REASONS.get(reply.reason, reply.reason)
    yield _event("content_block_stop", {"index": 0})
    yield _event(
        "message_delta",
        {
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"output_tokens": reply.output_tokens},
        },
    )
    yield _event("message_stop", {})


def _openai_envelope(model: str) -> dict[str, object]:
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_stand_in",
    }


def _openai_chunk(model: str, delta: Mapping[str, object], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _data({**_openai_envelope(model), "choices": [choice], "usage": None})


def _event(type_: str, members: Mapping[str, object]) -> bytes:
    return f"event: {type_}\n".encode() + _data({"type": type_, **members})


def _data(document: Mapping[str, object]) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()
