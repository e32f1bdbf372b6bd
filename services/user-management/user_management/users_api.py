"""Users and their roles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from assistants_common.auth import AdminUser, CurrentUser, require_role
from assistants_common.pagination import Page, PageParamsDep, paginate
from assistants_common.problems import ProblemError
from assistants_common.resources import SessionDep
from assistants_common.tokens import Role
from user_management import accounts
from user_management.dependencies import PartsDep
from user_management.schemas import RoleChange, UserView

router = APIRouter(prefix="/users", tags=["users"])

_Prefix = Annotated[
    str, Query(max_length=254, pattern=r"^[^\x00]*$", description="What the e-mail address begins with.")
]


@router.get("", summary="The users, for administrators", dependencies=[Depends(require_role(Role.ADMIN))])
async def list_users(session: SessionDep, page: PageParamsDep, email: _Prefix = "") -> Page[UserView]:
    return await paginate(session, accounts.users(email), page, UserView.model_validate)


@router.get("/{user_id}", summary="A user: oneself, or anyone for an administrator")
async def get_user(user_id: UUID, caller: CurrentUser, session: SessionDep) -> UserView:
    if caller.user_id != user_id and caller.role is not Role.ADMIN:
        raise ProblemError(403, "You may only see your own account.")
    return UserView.model_validate(await accounts.get_user(session, user_id))


@router.put("/{user_id}/role", summary="Give a user a role; his sessions end")
async def put_role(
    user_id: UUID, body: RoleChange, caller: AdminUser, session: SessionDep, parts: PartsDep
) -> UserView:
    """The user logs in again to get tokens with the new role; those with the old one are refused at once."""
    user, changed = await accounts.change_role(session, caller.user_id, user_id, body.role)
    if changed:
        await parts.sessions.end_all(session, user.id)
    await session.commit()
    return UserView.model_validate(user)
