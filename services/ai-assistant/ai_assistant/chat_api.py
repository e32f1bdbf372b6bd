"""Conversations with a model."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from ai_assistant import prompts
from ai_assistant.calls import Answer, Call, OnText
from ai_assistant.conversations import Turn
from ai_assistant.dependencies import Assistant, AssistantDep
from ai_assistant.event_stream import no_text, open_event_stream, while_connected
from ai_assistant.injection import find_markers
from ai_assistant.providers.base import ChatMessage, FinishReason, Prompt
from ai_assistant.schemas import ChatAnswer, ChatRequest, ChatSummary, TextDelta, UsageView
from assistants_common.auth import CurrentUser

router = APIRouter(tags=["chat"])

_EVENTS = """\
event: delta
data: {"text":"Call "}

: heartbeat

event: done
data: {"conversation_id":"5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11",\
"message_id":"0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f","model":"gpt-5.5","fallback_for":null,"finish_reason":"stop","usage":{"input_tokens":412,"output_tokens":96,"estimated":false}}

"""
_REFERENCE = "#/components/schemas/{model}"


def _event(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An event of the stream. Other responses define the schemas that its schema refers to."""
    schema.pop("$defs", None)
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    members = {"event": {"const": name}, "data": data}
    return {"type": "object", "properties": members, "required": ["event", "data"]}


_ITEM = {
    "oneOf": [
        _event("delta", TextDelta.model_json_schema()),
        _event("done", ChatSummary.model_json_schema(mode="serialization", ref_template=_REFERENCE)),
        _event("error", {"$ref": _REFERENCE.format(model="Problem")}),
    ]
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "The answer; with `stream` as Server-Sent Events: `delta` with a piece of text, at the end either"
            " `done` or `error` with a problem, and comments as heartbeats in between."
        ),
        "content": {"text/event-stream": {"itemSchema": _ITEM, "example": _EVENTS}},
    }
}


@router.post(
    "/chat",
    summary="Say something to a model, in a new or a known conversation",
    response_model=ChatAnswer,
    responses=_RESPONSES,
)
async def chat(
    body: ChatRequest, request: Request, caller: CurrentUser, assistant: AssistantDep
) -> ChatAnswer | Response:
    call = await _call(body, caller.user_id, assistant)
    if not body.stream:
        return await while_connected(request.receive, _turn(body, call, assistant, no_text))

    async def work(on_text: OnText) -> ChatSummary:
        answer = await _turn(body, call, assistant, on_text)
        return ChatSummary.model_validate(answer.model_dump())

    return await open_event_stream(request, work, assistant.settings.ai_heartbeat_seconds)


async def _call(body: ChatRequest, user_id: UUID, assistant: Assistant) -> Call:
    settings = assistant.settings
    model = body.model or settings.ai_model
    assistant.completions.check(model)
    history: list[ChatMessage] = []
    if body.conversation_id:
        history = await assistant.conversations.history(
            user_id, body.conversation_id, settings.ai_history_tokens
        )
    messages = [*history, ChatMessage("user", body.message)]
    prompt = Prompt(model, prompts.CHAT, messages, settings.ai_max_output_tokens)
    seconds = settings.ai_stream_seconds if body.stream else settings.ai_timeout_seconds
    return Call(user_id, "chat", prompt, seconds, find_markers(body.message))


async def _turn(body: ChatRequest, call: Call, assistant: Assistant, on_text: OnText) -> ChatAnswer:
    answer = await assistant.completions.run(call, on_text)
    conversation_id, message_id = await _store(body, call, assistant, answer)
    return ChatAnswer(
        conversation_id=conversation_id,
        message_id=message_id,
        message=answer.text,
        model=answer.model,
        fallback_for=answer.fallback_for,
        finish_reason=answer.finish_reason,
        usage=UsageView.model_validate(answer.usage),
    )


async def _store(
    body: ChatRequest, call: Call, assistant: Assistant, answer: Answer
) -> tuple[UUID | None, UUID | None]:
    """Store the turn, unless the model declined: such a turn would make the model decline later ones."""
    if answer.finish_reason is FinishReason.REFUSAL:
        return body.conversation_id, None
    turn = Turn(body.message, answer.text, answer.model)
    if body.conversation_id is None:
        return await assistant.conversations.start(call.user_id, turn)
    message_id = await assistant.conversations.append(call.user_id, body.conversation_id, turn)
    return body.conversation_id, message_id
