"""Synchronization jobs."""

from uuid import UUID

from fastapi import APIRouter, Response

from assistants_common.auth import AnalystUser, CurrentUser
from assistants_common.resources import SessionDep
from onec_integration import jobs
from onec_integration.dependencies import ClientDep, WorkerDep
from onec_integration.schemas import SyncAccepted, SyncJobView, SyncRequest

router = APIRouter(prefix="/sync", tags=["synchronization"])


@router.post("/data", status_code=202, summary="Copy entity sets of 1C into the service's database")
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
    response.headers["Location"] = f"/sync/{job.id}"
    return SyncAccepted(job_id=job.id)


@router.get("/{job_id}", summary="How far a synchronization is: one's own, or any for an administrator")
async def get_sync(job_id: UUID, caller: CurrentUser, session: SessionDep) -> SyncJobView:
    return SyncJobView.model_validate(await jobs.get(session, caller, job_id))


@router.post(
    "/{job_id}/resume", status_code=202, summary="Go on with a failed synchronization where it stopped"
)
async def resume_sync(
    job_id: UUID, caller: AnalystUser, session: SessionDep, client: ClientDep, worker: WorkerDep
) -> SyncAccepted:
    client.require_configured()
    job = await jobs.resume(session, caller, job_id)
    worker.wake()
    return SyncAccepted(job_id=job.id)
