"""Code for 1C:Enterprise."""

from uuid import UUID

from fastapi import APIRouter, Request

from ai_assistant import prompts
from ai_assistant.calls import Call
from ai_assistant.dependencies import Assistant, AssistantDep
from ai_assistant.event_stream import no_text, while_connected
from ai_assistant.injection import find_markers
from ai_assistant.providers.base import ChatMessage, Prompt
from ai_assistant.schemas import GeneratedCode, GenerateRequest, UsageView
from assistants_common.auth import CurrentUser

router = APIRouter(tags=["generate"])


@router.post("/generate", summary="Have a module, a query or a report written from a description")
async def generate(
    body: GenerateRequest, request: Request, caller: CurrentUser, assistant: AssistantDep
) -> GeneratedCode:
    assistant.completions.check(body.model or assistant.settings.ai_model)
    work = _generate(body, caller.user_id, request.headers["authorization"], assistant)
    return await while_connected(request.receive, work)


async def _generate(
    body: GenerateRequest, user_id: UUID, authorization: str, assistant: Assistant
) -> GeneratedCode:
    settings = assistant.settings
    context = await assistant.metadata.about(body.description, authorization)
    prompt = Prompt(
        body.model or settings.ai_model,
        prompts.code_system(body.kind, context.text),
        [ChatMessage("user", body.description)],
        settings.ai_max_output_tokens,
    )
    markers = find_markers(body.description)
    call = Call(user_id, "generate", prompt, settings.ai_timeout_seconds, markers)
    answer = await assistant.completions.run(call, no_text)
    return GeneratedCode(
        kind=body.kind,
        code=prompts.extract_code(answer.text),
        model=answer.model,
        fallback_for=answer.fallback_for,
        finish_reason=answer.finish_reason,
        usage=UsageView.model_validate(answer.usage),
        context=list(context.names),
    )
