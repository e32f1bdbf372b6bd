"""Notes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from assistants_common.auth import CurrentUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.resources import SessionDep
from assistants_common.schemas import FilledText
from sample_service.models import Note

router = APIRouter(prefix="/notes", tags=["notes"])


class NewNote(BaseModel):
    text: Annotated[FilledText, Field(max_length=1000)]


class NoteView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    text: str


@router.post("", status_code=201, summary="Keep a note")
async def create_note(note: NewNote, caller: CurrentUser, session: SessionDep) -> NoteView:
    kept = Note(user_id=caller.user_id, text=note.text)
    session.add(kept)
    await session.commit()
    return NoteView.model_validate(kept)


@router.get("", summary="Your notes, the newest first")
async def list_notes(caller: CurrentUser, session: SessionDep, params: PageParamsDep) -> Page[NoteView]:
    own = select(Note).where(Note.user_id == caller.user_id).order_by(Note.created_at.desc(), Note.id)
    return await paginate(session, own, params, NoteView.model_validate)
