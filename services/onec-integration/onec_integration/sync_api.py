"""Synchronization jobs."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from assistants_common.auth import AnalystUser, CurrentUser
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.resources import SessionDep
from onec_integration import jobs
from onec_integration.dependencies import ClientDep, WorkerDep
from onec_integration.schemas import SyncAccepted, SyncJobView, SyncRequest

router = APIRouter(prefix="/sync", tags=["synchronization"])


_JOB = "/{job_id:uuid}"
_LOCATION = {"description": "The synchronization.", "schema": {"type": "string", "format": "uri-reference"}}


def _links(pointer: str) -> dict[str, Any]:
    """Links from the id in a response to other operations."""
    parameters = {"job_id": f"$response.body#{pointer}"}
    return {name: {"operationId": name, "parameters": parameters} for name in ("get_sync", "cancel_sync")}


@router.post(
    "/data",
    status_code=202,
    responses={202: {"headers": {"Location": _LOCATION}, "links": _links("/job_id")}},
    summary="Copy entity sets of 1C into the service's database",
)
async def start_sync(
    body: SyncRequest,
    caller: AnalystUser,
    response: Response,
    session: SessionDep,
    client: ClientDep,
    worker: WorkerDep,
) -> SyncAccepted:
    client.require_configured()
    job = await jobs.add(session, caller.user_id, body)
    worker.wake()
    response.headers["Location"] = str(job.id)
    return SyncAccepted(job_id=job.id)


@router.get(
    "",
    responses={200: {"links": _links("/items/0/id")}},
    summary="Synchronizations, the latest first: one's own, or all for an administrator",
)
async def list_syncs(caller: CurrentUser, params: PageParamsDep, session: SessionDep) -> Page[SyncJobView]:
    return await paginate(session, jobs.visible_to(caller), params, SyncJobView.model_validate)


@router.get(
    _JOB,
    operation_id="get_sync",
    summary="How far a synchronization is: one's own, or any for an administrator",
)
async def get_sync(job_id: UUID, caller: CurrentUser, session: SessionDep) -> SyncJobView:
    return SyncJobView.model_validate(await jobs.get(session, caller, job_id))


@router.post(
    f"{_JOB}/resume",
    status_code=202,
    summary="Go on with a failed or cancelled synchronization where it stopped",
)
async def resume_sync(
    job_id: UUID, caller: AnalystUser, session: SessionDep, client: ClientDep, worker: WorkerDep
) -> SyncAccepted:
    client.require_configured()
    job = await jobs.resume(session, caller, job_id)
    worker.wake()
    return SyncAccepted(job_id=job.id)


@router.post(
    f"{_JOB}/cancel",
    operation_id="cancel_sync",
    summary="Stop a synchronization; what was copied stays copied",
)
async def cancel_sync(job_id: UUID, caller: AnalystUser, session: SessionDep) -> SyncJobView:
    return SyncJobView.model_validate(await jobs.cancel(session, caller, job_id))
