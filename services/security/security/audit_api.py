"""The audit log."""

from fastapi import APIRouter
from sqlalchemy import select

from assistants_common.auth import AdminUser, CurrentUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.resources import SessionDep
from security import audit_chain
from security.models import AuditEntry
from security.schemas import AuditEntryView, AuditRecord, VerificationView

router = APIRouter(prefix="/audit", tags=["audit"])


@router.post("/log", status_code=201, summary="Add an entry to the audit log, in the caller's name")
async def add_entry(body: AuditRecord, caller: CurrentUser, session: SessionDep) -> AuditEntryView:
    return AuditEntryView.model_validate(await audit_chain.append(session, caller.user_id, body))


@router.get("/log", summary="The audit log, newest first")
async def list_entries(_: AdminUser, session: SessionDep, page: PageParamsDep) -> Page[AuditEntryView]:
    statement = select(AuditEntry).order_by(AuditEntry.sequence.desc())
    return await paginate(session, statement, page, AuditEntryView.model_validate)


@router.get("/verify", summary="Whether the audit log is as it was written")
async def verify(_: AdminUser, session: SessionDep) -> VerificationView:
    return VerificationView.model_validate(await audit_chain.verify(session), from_attributes=True)
