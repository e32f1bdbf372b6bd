"""Users and their roles."""

from uuid import UUID

from fastapi import APIRouter

from assistants_common.auth import AdminUser, CurrentUser
from assistants_common.problems import ProblemError
from assistants_common.resources import EventsDep, SessionDep
from assistants_common.tokens import Role
from user_management import accounts
from user_management.schemas import RoleChange, UserView

router = APIRouter(prefix="/users", tags=["users"])


@router.get("/{user_id}", summary="A user: oneself, or anyone for an administrator")
async def get_user(user_id: UUID, caller: CurrentUser, session: SessionDep) -> UserView:
    if caller.user_id != user_id and caller.role is not Role.ADMIN:
        raise ProblemError(403, "You may only see your own account.")
    return UserView.model_validate(await accounts.get_user(session, user_id))


@router.put(
    "/{user_id}/role", summary="Give a user a role; a token in use keeps the old one until it expires"
)
async def put_role(
    user_id: UUID, body: RoleChange, caller: AdminUser, session: SessionDep, events: EventsDep
) -> UserView:
    user, previous = await accounts.change_role(session, caller.user_id, user_id, body.role)
    if previous is not body.role:
        data = {"from": previous.value, "to": body.role.value, "by": str(caller.user_id)}
        await events.notify("user.role_changed", data, user.id)
    return UserView.model_validate(user)
