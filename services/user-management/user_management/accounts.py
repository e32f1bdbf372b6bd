"""Accounts in the database."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from assistants_common.tokens import Role
from user_management.models import UNIQUE_EMAIL, User


async def add_user(session: AsyncSession, email: str, password_hash: str) -> User:
    """Store a new account; 409 when the address, in whatever case, has one."""
    user = User(email=email, password_hash=password_hash)
    session.add(user)
    try:
        await session.commit()
    except IntegrityError as error:
        if UNIQUE_EMAIL not in str(error.orig):
            raise
        raise ProblemError(409, "This e-mail address has an account already.") from error
    await session.refresh(user)
    return user


async def find_by_email(session: AsyncSession, email: str) -> User | None:
    found: User | None = await session.scalar(select(User).where(func.lower(User.email) == email.lower()))
    return found


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise ProblemError(404, "There is no such user.")
    return user


async def record_login(session: AsyncSession, user: User, new_hash: str | None) -> None:
    """Note the time of a login, and the hash under current parameters when the old one was outdated."""
    user.last_login_at = datetime.now(UTC)
    if new_hash is not None:
        user.password_hash = new_hash
    await session.commit()


async def change_role(session: AsyncSession, actor_id: UUID, user_id: UUID, role: Role) -> tuple[User, Role]:
    """Give a user a role; returns the user and the role before.

    Every change locks the rows of all administrators first, in one order: two administrators who demote each
    other at once are served one after the other, and the second sees what the first did.
    """
    administrators = await _lock_administrators(session)
    if actor_id not in administrators:
        raise ProblemError(403, "You are not an administrator any more.")
    user = await session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise ProblemError(404, "There is no such user.")
    previous = Role(user.role)
    if previous is Role.ADMIN and role is not Role.ADMIN and len(administrators) == 1:
        raise ProblemError(409, "The last administrator cannot be given another role.")
    user.role = role.value
    await session.commit()
    return user, previous


async def _lock_administrators(session: AsyncSession) -> set[UUID]:
    statement = select(User.id).where(User.role == Role.ADMIN.value).order_by(User.id).with_for_update()
    return set(await session.scalars(statement))


async def promote(session: AsyncSession, email: str) -> User | None:
    """Make an account an administrator, by its address; None when there is none."""
    user = await find_by_email(session, email)
    if user is not None:
        user.role = Role.ADMIN.value
        await session.commit()
    return user
