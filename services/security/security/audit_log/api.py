"""The audit log."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy import Select, select

from assistants_common.auth import AdminUser, AnalystUser, CurrentUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.problems import ProblemError
from assistants_common.resources import ResourcesDep, SessionDep
from security.audit_log.chain import API_SOURCE, Draft
from security.audit_log.events import ACTION_PATTERN, RESERVED_PREFIXES
from security.audit_log.export import MEDIA_TYPE, export_lines
from security.audit_log.logger import audit_logger
from security.audit_log.verification import verify
from security.dependencies import ChainDep
from security.models import AuditRow, Outcome
from security.schemas import RESOURCE_PATTERN, AuditEntryView, AuditRecord, VerificationView
from security.timestamps import UtcTimestamp

router = APIRouter(prefix="/audit", tags=["audit"])

_MOST_AT_ONCE = 200_000
_LAST = 2**63 - 2
FromSequence = Annotated[
    int, Query(alias="from", ge=1, le=_LAST, description="The first entry.", examples=[1])
]


@router.post("/log", status_code=201, summary="Add an entry to the audit log, in the caller's name")
async def add_entry(
    body: AuditRecord, caller: CurrentUser, session: SessionDep, chain: ChainDep
) -> AuditEntryView:
    """Every user and every service may write. The actor is the one that the token names, never the body's;
    what the platform itself reports cannot be reported by a caller."""
    if body.action.startswith(RESERVED_PREFIXES):
        raise ProblemError(403, "Actions that begin like this are written by the platform itself.")
    draft = Draft(
        actor=caller.user_id,
        action=body.action,
        resource=body.resource,
        outcome=body.outcome,
        details=body.details,
        source=API_SOURCE,
    )
    appended = await chain.append(session, draft)
    await session.commit()
    await chain.committed(appended)
    return AuditEntryView.model_validate(appended.entry)


@router.get("", summary="The audit log, newest first")
async def list_entries(
    _: AnalystUser,
    session: SessionDep,
    page: PageParamsDep,
    actor: Annotated[UUID | None, Query(description="Only what this user did.")] = None,
    action: Annotated[
        str | None, Query(min_length=1, max_length=100, pattern=ACTION_PATTERN, examples=["user.login"])
    ] = None,
    resource: Annotated[
        str | None, Query(min_length=1, max_length=255, pattern=RESOURCE_PATTERN, examples=["users/1"])
    ] = None,
    outcome: Annotated[Outcome | None, Query(examples=["failure"])] = None,
    source: Annotated[
        str | None, Query(pattern=r"^[a-z0-9-]{1,64}$", description="`api` or a service.", examples=["api"])
    ] = None,
    since: Annotated[UtcTimestamp | None, Query(examples=["2026-01-01T00:00:00Z"])] = None,
    until: Annotated[UtcTimestamp | None, Query(examples=["2026-02-01T00:00:00Z"])] = None,
) -> Page[AuditEntryView]:
    statement: Select[AuditRow] = select(AuditRow).order_by(AuditRow.sequence.desc())
    wanted = {
        AuditRow.actor: actor,
        AuditRow.action: action,
        AuditRow.resource: resource,
        AuditRow.outcome: outcome.value if outcome else None,
        AuditRow.source: source,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if since is not None:
        statement = statement.where(AuditRow.time >= since)
    if until is not None:
        statement = statement.where(AuditRow.time < until)
    return await paginate(session, statement, page, AuditEntryView.model_validate)


@router.get("/verify", summary="Whether the audit log is as it was written")
async def verify_log(
    _: AdminUser,
    session: SessionDep,
    chain: ChainDep,
    from_sequence: FromSequence = 1,
    limit: Annotated[
        int, Query(ge=1, le=_MOST_AT_ONCE, description="Entries at most; see `next_sequence`.")
    ] = _MOST_AT_ONCE,
) -> VerificationView:
    """Follows the chain from its start, or with `from` from the newest signed checkpoint before that entry.

    A long log is verified in several calls, or as a whole with `python -m security verify`.
    """
    found = await verify(session, chain.keys, chain.anchor, from_sequence=from_sequence, limit=limit)
    return VerificationView.of(found)


@router.get(
    "/export",
    summary="The audit log as lines of JSON, to be verified elsewhere with `python -m security verify FILE`",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Entries with their checkpoints, and a signed last line",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
async def export(
    caller: AdminUser, resources: ResourcesDep, chain: ChainDep, from_sequence: FromSequence = 1
) -> StreamingResponse:
    extra = {"actor": str(caller.user_id), "from": from_sequence}
    audit_logger.warning("the audit log is exported", extra=extra)

    async def lines() -> AsyncIterator[bytes]:
        async with resources.require_database().session() as session:
            async for batch in export_lines(session, chain.keys, from_sequence):
                yield batch

    disposition = {"Content-Disposition": 'attachment; filename="audit.ndjson"'}
    return StreamingResponse(lines(), media_type=MEDIA_TYPE, headers=disposition)
