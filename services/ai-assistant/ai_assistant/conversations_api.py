"""The caller's own conversations, to read again and to delete. No role gives access to another user's."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from ai_assistant.dependencies import AssistantDep
from ai_assistant.schemas import ConversationDetail, ConversationView
from assistants_common.auth import CurrentUser
from assistants_common.pagination import Page, PageParamsDep

router = APIRouter(prefix="/conversations", tags=["conversations"])

_DELETED: dict[int | str, dict[str, Any]] = {204: {"description": "It is deleted, with all of its messages."}}


@router.get("", summary="Your conversations, the last one first")
async def list_conversations(
    caller: CurrentUser, assistant: AssistantDep, page: PageParamsDep
) -> Page[ConversationView]:
    return await assistant.conversations.page(caller.user_id, page)


@router.get("/{conversation_id}", summary="One of your conversations, with its messages")
async def get_conversation(
    conversation_id: UUID, caller: CurrentUser, assistant: AssistantDep, page: PageParamsDep
) -> ConversationDetail:
    return await assistant.conversations.read(caller.user_id, conversation_id, page)


@router.delete(
    "/{conversation_id}", summary="Delete one of your conversations", status_code=204, responses=_DELETED
)
async def delete_conversation(conversation_id: UUID, caller: CurrentUser, assistant: AssistantDep) -> None:
    await assistant.conversations.delete(caller.user_id, conversation_id)
