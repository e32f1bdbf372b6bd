"""The available models."""

from fastapi import APIRouter

from ai_assistant.dependencies import AssistantDep
from ai_assistant.schemas import ModelList, ModelView
from assistants_common.auth import CurrentUser
from assistants_common.pagination import PageParamsDep

router = APIRouter(tags=["models"])


@router.get("/models", summary="The models a request may name, and the default")
async def models(caller: CurrentUser, assistant: AssistantDep, page: PageParamsDep) -> ModelList:  # noqa: ARG001
    found, unavailable = await assistant.providers.models()
    wanted = found[page.offset : page.offset + page.limit]
    return ModelList(
        items=[ModelView(id=name, provider=provider) for name, provider in wanted],
        total=len(found),
        limit=page.limit,
        offset=page.offset,
        default=assistant.settings.ai_model,
        unavailable_providers=unavailable,
        simulated=assistant.providers.simulated,
    )
