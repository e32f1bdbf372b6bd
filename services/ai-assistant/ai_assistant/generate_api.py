"""Code for 1C:Enterprise."""

from fastapi import APIRouter, Request

from ai_assistant import prompts
from ai_assistant.completions import Call
from ai_assistant.dependencies import AssistantDep
from ai_assistant.event_stream import no_text, while_connected
from ai_assistant.providers.base import ChatMessage, Prompt
from ai_assistant.schemas import GeneratedCode, GenerateRequest, UsageView
from assistants_common.auth import CurrentUser

router = APIRouter(tags=["generate"])


@router.post("/generate", summary="Have a module, a query or a report written from a description")
async def generate(
    body: GenerateRequest, request: Request, caller: CurrentUser, assistant: AssistantDep
) -> GeneratedCode:
    settings = assistant.settings
    prompt = Prompt(
        body.model or settings.ai_model,
        prompts.code_system(body.kind),
        [ChatMessage("user", body.description)],
        settings.ai_max_output_tokens,
    )
    call = Call(caller.user_id, "generate", prompt, settings.ai_timeout_seconds)
    answer = await while_connected(request.receive, assistant.completions.run(call, no_text))
    return GeneratedCode(
        kind=body.kind,
        code=prompts.extract_code(answer.text),
        model=prompt.model,
        finish_reason=answer.finish_reason,
        usage=UsageView.model_validate(answer.usage),
    )
