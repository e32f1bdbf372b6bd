"""What servers that speak a provider's interface send, where it differs from the provider's own."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ai_assistant.providers.anthropic_provider import AnthropicProvider
from ai_assistant.providers.base import (
    ChatMessage,
    Finished,
    FinishReason,
    Piece,
    Prompt,
    Provider,
    Text,
    Thought,
    Tokens,
)
from ai_assistant.providers.errors import ProviderError, UnknownModelError
from ai_assistant.providers.meanings import Remedy
from ai_assistant.providers.openai_provider import OpenAIProvider
from ai_assistant_testing.serving import serving

OPENAI, ANTHROPIC = "gpt-5.5", "claude-sonnet-5"
STREAM = "text/event-stream"


class Server:
    """Answers every request with what it holds, and remembers the bodies it was sent."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.bodies: list[dict[str, object]] = []
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        self.bodies.append(await request.json() if request.method == "POST" else {})
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(scope="module")
async def running_server() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    async with serving(server.app) as url:
        yield server, url


@pytest.fixture
def server(running_server: tuple[Server, str]) -> Server:
    running_server[0].bodies.clear()
    return running_server[0]


@asynccontextmanager
async def provider_at(url: str, model: str) -> AsyncIterator[Provider]:
    kind = OpenAIProvider if model == OPENAI else AnthropicProvider
    provider = kind("sk-any", url, httpx2.Timeout(60))
    try:
        yield provider
    finally:
        await provider.close()


@pytest.fixture
async def openai_provider(running_server: tuple[Server, str]) -> AsyncIterator[Provider]:
    async with provider_at(running_server[1], OPENAI) as provider:
        yield provider


@pytest.fixture
async def anthropic_provider(running_server: tuple[Server, str]) -> AsyncIterator[Provider]:
    async with provider_at(running_server[1], ANTHROPIC) as provider:
        yield provider


async def pieces_of(provider: Provider, model: str = OPENAI) -> list[Piece]:
    prompt = Prompt(model, "Be brief.", [ChatMessage("user", "Hi"), ChatMessage("assistant", "Yes?")], 100)
    return [piece async for piece in provider.stream(prompt)]


def text_of(pieces: Sequence[Piece]) -> str:
    return "".join(p.value for p in pieces if isinstance(p, Text) and not isinstance(p, Thought))


def stream(*documents: object, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(document)}\n\n" for document in documents]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def chunk(delta: object, reason: object = None, **more: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}


HELLO = chunk({"role": "assistant", "content": "Hello"})
END = chunk({}, "stop")
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
WHOLE = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": USAGE,
}
ENDED = {
    "no finish reason, only [DONE]": stream(HELLO),
    "an empty finish reason in each chunk": stream(chunk({"content": "Hello"}, ""), END),
    "no [DONE], only a finish reason": stream(HELLO, END, done=False),
    "[DONE] without an end of line": stream(HELLO, done=False) + b"data: [DONE]",
    "no blank line at the end": stream(HELLO, done=False) + f"data: {json.dumps(END)}".encode(),
    "no space after the colon": stream(HELLO, END).replace(b"data: ", b"data:"),
    "lines that end in CR LF": stream(HELLO, END).replace(b"\n", b"\r\n"),
    "comments to keep the line open": b": PROCESSING\n\n" + stream(HELLO, END),
    "event names and ids": b"id: 1\nevent: message\n" + stream(HELLO, END),
    "a document over two lines": stream(HELLO, END).replace(
        b', "finish_reason"', b',\ndata: "finish_reason"'
    ),
    "Azure's filter results before the first choice": stream(
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}, HELLO, END
    ),
    "Azure's choices without a delta": stream(
        HELLO, {"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]}, END
    ),
    "choices that are null beside the usage": stream(HELLO, END, {"choices": None, "usage": USAGE}),
    "usage without choices": stream(HELLO, END, {"usage": USAGE}),
    "llama.cpp's null content first": stream(chunk({"role": "assistant", "content": None}), HELLO, END),
    "content in parts": stream(
        chunk({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Hello"}]}), END
    ),
    "a whole answer though a stream was asked for": json.dumps(WHOLE).encode(),
    "the same over many lines": json.dumps(WHOLE, indent=2).encode(),
}


@pytest.mark.parametrize("media_type", [STREAM, "application/json", "text/plain"])
@pytest.mark.parametrize("name", ENDED)
async def test_a_complete_answer_is_taken(
    server: Server, openai_provider: Provider, name: str, media_type: str
) -> None:
    server.answers = [Response(ENDED[name], media_type=media_type)]
    pieces = await pieces_of(openai_provider)
    assert text_of(pieces) == "Hello"
    assert Finished(FinishReason.STOP) in pieces
    if b"usage" in ENDED[name]:
        assert Tokens(3, 2) in pieces


@pytest.mark.parametrize(
    "body", [stream(HELLO, done=False), stream(HELLO, done=False) + b'data: {"choices": [{']
)
async def test_an_answer_that_breaks_off_has_no_end(
    server: Server, openai_provider: Provider, body: bytes
) -> None:
    server.answers = [Response(body, media_type=STREAM)]
    pieces = await pieces_of(openai_provider)
    assert text_of(pieces) == "Hello"
    assert not any(isinstance(piece, Finished) for piece in pieces)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("length", FinishReason.LENGTH),
        ("max_tokens", FinishReason.LENGTH),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("content_filter", FinishReason.REFUSAL),
        ("SAFETY", FinishReason.REFUSAL),
        ("eos", FinishReason.STOP),
    ],
)
async def test_reasons_by_other_names(
    server: Server, openai_provider: Provider, word: str, reason: FinishReason
) -> None:
    server.answers = [Response(stream(HELLO, chunk({}, word)), media_type=STREAM)]
    assert Finished(reason) in await pieces_of(openai_provider)


@pytest.mark.parametrize("word", ["error", "abort", "insufficient_system_resource"])
async def test_a_reason_that_says_the_server_failed(
    server: Server, openai_provider: Provider, word: str
) -> None:
    server.answers = [Response(stream(HELLO, chunk({}, word)), media_type=STREAM)]
    with pytest.raises(ProviderError) as failed:
        await pieces_of(openai_provider)
    assert (failed.value.status_code, failed.value.remedy) == (503, Remedy.RETRY)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": None, "reasoning_content": "hm"},
        {"content": "", "reasoning": "hm"},
        {"content": "", "reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    ],
)
async def test_thoughts_are_no_text(
    server: Server, openai_provider: Provider, delta: dict[str, object]
) -> None:
    server.answers = [Response(stream(chunk(delta), HELLO, END), media_type=STREAM)]
    pieces = await pieces_of(openai_provider)
    assert (pieces[0], text_of(pieces)) == (Thought("hm"), "Hello")


ERRORS: dict[str, tuple[object, int]] = {
    "a status as a number": ({"error": {"message": "busy", "code": 429}}, 503),
    "a status as text": ({"error": {"message": "x", "type": "None", "param": "None", "code": "500"}}, 503),
    "vLLM's": ({"object": "error", "message": "no", "type": "BadRequestError", "code": 400}, 422),
    "vLLM's within a stream": ({"error": {"object": "error", "type": "InternalServerError"}}, 503),
    "llama.cpp's while it loads": ({"error": {"code": 503, "type": "unavailable_error"}}, 503),
    "llama.cpp's of a long prompt": ({"error": {"code": 400, "type": "exceed_context_size_error"}}, 422),
    "a text": ({"error": "something went wrong"}, 502),
    "a quota": ({"error": {"message": "quota", "code": "insufficient_quota"}}, 503),
    "a key": ({"error": {"message": "no", "code": "invalid_api_key"}}, 503),
    "beside choices": ({"error": {"code": 502, "message": "away"}, "choices": [{"delta": {}}]}, 503),
}


@pytest.mark.parametrize("shape", ["data", "error", "body", "after a text"])
@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_with_status_200(
    server: Server, openai_provider: Provider, name: str, shape: str
) -> None:
    document, status = ERRORS[name]
    text = json.dumps(document)
    body = {
        "data": f"data: {text}\n\n",
        "error": f"error: {text}\n\n",
        "body": text,
        "after a text": stream(HELLO, done=False).decode() + text,
    }[shape]
    server.answers = [Response(body, media_type=STREAM)]
    with pytest.raises(ProviderError) as failed:
        await pieces_of(openai_provider)
    assert (failed.value.status_code, failed.value.billed) == (status, True)


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", 503),
        (b"", 503),
        (b"\n\n\n", 503),
        (b"[" * 30_000, 502),
        (b"data: " + b"[" * 30_000 + b"\n\n", 502),
        (b'{"choices": [], "usage": ' + b"9" * 5000 + b"}", 502),
        (b"data: " + b"x" * (17 * 1024 * 1024), 502),
    ],
    ids=["page", "empty", "blank", "deep", "deep event", "number", "long"],
)
async def test_what_is_no_answer_is_no_fault_of_ours(
    server: Server, running_server: tuple[Server, str], model: str, body: bytes, status: int
) -> None:
    server.answers = [Response(body, media_type=STREAM)]
    async with provider_at(running_server[1], model) as provider:
        with pytest.raises(ProviderError) as failed:
            await pieces_of(provider, model)
    assert failed.value.status_code == status
    if status == 503:
        assert "_BASE_URL" in str(failed.value.problem_detail)


def refusal(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


UNSUPPORTED = "Unsupported parameter: '{}' is not supported with this model."
REFUSALS: dict[str, Callable[[str], Response]] = {
    "OpenAI's": lambda name: refusal(
        400, {"error": {"message": UNSUPPORTED.format(name), "param": name, "code": "unsupported_parameter"}}
    ),
    "Mistral's": lambda name: refusal(
        422, {"detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs"}]}
    ),
    "an old server's": lambda name: refusal(
        400, {"error": {"message": f"Unrecognized request argument supplied: {name}", "code": None}}
    ),
    "a text": lambda name: Response(f"unknown field {name}", 400),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_parameter_the_server_refuses_by_name_is_left_out(
    server: Server, openai_provider: Provider, name: str
) -> None:
    answer = Response(stream(HELLO, END), media_type=STREAM)
    make = REFUSALS[name]
    server.answers = [make("max_completion_tokens"), make("stream_options"), answer]
    assert text_of(await pieces_of(openai_provider)) == "Hello"
    asked = [(body.get("max_completion_tokens"), body.get("max_tokens")) for body in server.bodies]
    assert asked == [(100, None), (None, 100), (None, 100)]
    assert ["stream_options" in body for body in server.bodies] == [True, True, False]
    server.bodies.clear()
    assert text_of(await pieces_of(openai_provider)) == "Hello"
    assert len(server.bodies) == 1, "what was refused once is not sent again"


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_server_that_goes_on_refusing_is_given_up(
    server: Server, openai_provider: Provider, name: str
) -> None:
    server.answers = [REFUSALS[name]("max_completion_tokens")]
    with pytest.raises(ProviderError) as failed:
        await pieces_of(openai_provider)
    assert len(server.bodies) == 2
    assert (failed.value.status_code, failed.value.remedy) == (503, Remedy.FALLBACK)
    assert "AI_MAX_OUTPUT_TOKENS" in str(failed.value.problem_detail)


CONTEXT = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens"
BLAMES: dict[str, tuple[int, object, int, str]] = {
    "OpenAI, long": (
        400,
        {"error": {"message": CONTEXT, "code": "context_length_exceeded"}},
        422,
        "too long",
    ),
    "vLLM, long": (
        400,
        {"object": "error", "message": f"'max_tokens' is too large. {CONTEXT}", "type": "BadRequestError"},
        422,
        "too long",
    ),
    "llama.cpp, long": (400, {"error": {"code": 400, "type": "exceed_context_size_error"}}, 422, "too long"),
    "Anthropic, long": (
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 3 > 2"}},
        422,
        "too long",
    ),
    "Azure, filter": (
        400,
        {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        422,
        "declined",
    ),
    "OpenAI, role": (
        400,
        {"error": {"message": "Unsupported value: 'messages[0].role'", "code": "unsupported_value"}},
        503,
        "AI_MODEL",
    ),
    "Anthropic, limit": (
        400,
        {"error": {"type": "invalid_request_error", "message": "max_tokens: 128000 > 64000"}},
        503,
        "AI_MAX_OUTPUT_TOKENS",
    ),
    "Anthropic, unpaid": (
        400,
        {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}},
        503,
        "paid",
    ),
    "anything": (400, {"error": {"message": "no"}}, 422, "refused"),
    "a page": (404, "<h1>Not Found</h1>", 503, "_BASE_URL"),
    "FastAPI's page": (404, {"detail": "Not Found"}, 503, "_BASE_URL"),
    "a wrong method": (405, {"detail": "Method Not Allowed"}, 503, "_BASE_URL"),
    "not modified": (304, "", 503, "_BASE_URL"),
}


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("name", BLAMES)
async def test_whose_fault_a_refusal_is(
    server: Server, running_server: tuple[Server, str], model: str, name: str
) -> None:
    status, body, ours, word = BLAMES[name]
    server.answers = [refusal(status, body) if status != 304 else Response(status_code=304)]
    async with provider_at(running_server[1], model) as provider:
        with pytest.raises(ProviderError) as failed:
            await pieces_of(provider, model)
    assert (failed.value.status_code, failed.value.billed) == (ours, False)
    assert word in str(failed.value.problem_detail)
    assert ("too long" in str(failed.value.problem_detail)) == ("long" in name)


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"error": {"message": "The model `{}` does not exist or you do not have access to it."}}),
        (404, {"error": {"message": "model '{}' not found, try pulling it first", "type": "api_error"}}),
        (404, {"object": "error", "message": "The model `{}` does not exist.", "type": "NotFoundError"}),
        (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: {}"}}),
        (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}),
        (403, {"error": {"code": "model_not_found", "message": "The project does not have access."}}),
        (
            400,
            {"error": {"message": "Invalid model name passed in model={}. Call /v1/models", "code": "400"}},
        ),
    ],
)
async def test_a_model_that_is_not_there(
    server: Server, running_server: tuple[Server, str], model: str, status: int, body: object
) -> None:
    server.answers = [Response(json.dumps(body).replace("{}", model), status)]
    async with provider_at(running_server[1], model) as provider:
        with pytest.raises(UnknownModelError):
            await pieces_of(provider, model)


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_does_not_take_the_key_elsewhere(
    server: Server, running_server: tuple[Server, str], model: str, status: int
) -> None:
    elsewhere = Server()
    elsewhere.answers = [Response(stream(HELLO, END), media_type=STREAM)]
    async with serving(elsewhere.app) as url, provider_at(running_server[1], model) as provider:
        server.answers = [RedirectResponse(f"{url}/login", status)]
        with pytest.raises(ProviderError) as chat:
            await pieces_of(provider, model)
        with pytest.raises(ProviderError) as names:
            await provider.model_names()
    assert elsewhere.bodies == []
    for failed in (chat, names):
        assert failed.value.status_code == 503
        assert "_BASE_URL" in str(failed.value.problem_detail)


def events(*documents: Mapping[str, object], named: bool = True) -> bytes:
    blocks = [
        (f"event: {document['type']}\n" if named else "") + f"data: {json.dumps(document)}\n\n"
        for document in documents
    ]
    return "".join(blocks).encode()


START = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}
TAIL = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
STOP = {"type": "message_stop"}
MESSAGE = {
    "type": "message",
    "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


@pytest.mark.parametrize(
    "body",
    [
        events(START, DELTA, TAIL, STOP),
        events(START, DELTA, TAIL, STOP, named=False),
        events(START, DELTA, TAIL),
        events(START, DELTA, STOP),
        events(START, DELTA, TAIL, STOP) + b"data: [DONE]\n\n",
        json.dumps(MESSAGE).encode(),
    ],
    ids=["Anthropic", "no names", "no stop", "no reason", "[DONE] too", "whole"],
)
async def test_anthropics_interface_elsewhere(
    server: Server, anthropic_provider: Provider, body: bytes
) -> None:
    server.answers = [Response(body, media_type=STREAM)]
    pieces = await pieces_of(anthropic_provider, ANTHROPIC)
    assert text_of(pieces) == "Hello"
    assert Finished(FinishReason.STOP) in pieces


async def test_anthropics_thoughts_and_pings(server: Server, anthropic_provider: Provider) -> None:
    thoughts: list[dict[str, object]] = [
        {"type": "ping"},
        {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": ""}},
        {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "x"}},
        {"type": "content_block_start", "content_block": {"type": "redacted_thinking", "data": "x"}},
    ]
    server.answers = [Response(events(START, *thoughts, DELTA, TAIL, STOP), media_type=STREAM)]
    pieces = await pieces_of(anthropic_provider, ANTHROPIC)
    assert pieces[1:5] == [Thought(""), Thought("hm"), Thought(""), Thought("")]
    assert text_of(pieces) == "Hello"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"object": "list", "data": [{"id": "qwen3:8b"}]}', ["qwen3:8b"]),
        ('{"object": "list", "data": null}', []),
        ('[{"id": "meta/llama"}]', ["meta/llama"]),
    ],
)
async def test_lists_of_models(
    server: Server, openai_provider: Provider, body: str, names: list[str]
) -> None:
    server.answers = [Response(body, media_type="application/json")]
    assert await openai_provider.model_names() == names


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        '"text"',
        "{}",
        '{"models": []}',
        '{"data": {}}',
        '{"error": {"code": 404}}',
        "[" * 30_000,
    ],
)
async def test_what_is_no_list_of_models_is_told(
    server: Server, running_server: tuple[Server, str], model: str, body: str
) -> None:
    server.answers = [Response(body, media_type="application/json")]
    async with provider_at(running_server[1], model) as provider:
        with pytest.raises(ProviderError) as failed:
            await provider.model_names()
    assert failed.value.status_code in {502, 503}
