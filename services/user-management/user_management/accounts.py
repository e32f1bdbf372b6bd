"""Accounts in the database."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from assistants_common.tokens import Role
from user_management import audit
from user_management.models import UNIQUE_EMAIL, User


async def add_user(
    session: AsyncSession, email: str, password_hash: str | None, *, verified: bool = False
) -> User:
    """Add an account; 409 when the address (case ignored) has one. The caller commits."""
    user = User(email=email, password_hash=password_hash)
    if verified:
        user.email_verified_at = datetime.now(UTC)
    session.add(user)
    try:
        await session.flush()
    except IntegrityError as error:
        if UNIQUE_EMAIL not in str(error.orig):
            raise
        raise ProblemError(409, "This e-mail address has an account already.") from error
    await session.refresh(user)
    await audit.registered(session, user)
    if verified:
        await audit.email_verified(session, user)
    return user


async def find_by_email(session: AsyncSession, email: str) -> User | None:
    found: User | None = await session.scalar(select(User).where(func.lower(User.email) == email.lower()))
    return found


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    user = await session.get(User, user_id)
    if user is None:
        raise ProblemError(404, "There is no such user.")
    return user


async def lock(session: AsyncSession, user_id: UUID) -> User | None:
    """The current row of the user, locked until the end of the transaction."""
    return await session.get(User, user_id, with_for_update=True, populate_existing=True)


def users(email_prefix: str) -> Select[User]:
    """The users whose address has this prefix, oldest first."""
    statement = select(User).order_by(User.created_at, User.id)
    return statement.where(func.lower(User.email).startswith(email_prefix.lower(), autoescape=True))


async def mark_verified(session: AsyncSession, user: User) -> None:
    """Mark the address as the user's own, proved by a mail or by the identity provider."""
    if user.email_verified_at is None:
        user.email_verified_at = datetime.now(UTC)
        await audit.email_verified(session, user)


async def change_role(session: AsyncSession, actor_id: UUID, user_id: UUID, role: Role) -> tuple[User, bool]:
    """Give a user a role; returns the user, and whether the role changed. The caller commits.

    Every change first locks the rows of all administrators in one order. So when two administrators demote
    each other at once, the second change waits for the first and sees its result.
    """
    administrators = await _lock_administrators(session)
    if actor_id not in administrators:
        raise ProblemError(403, "You are not an administrator any more.")
    user = await lock(session, user_id)
    if user is None:
        raise ProblemError(404, "There is no such user.")
    previous = Role(user.role)
    if previous is Role.ADMIN and role is not Role.ADMIN and len(administrators) == 1:
        raise ProblemError(409, "The last administrator cannot be given another role.")
    if previous is not role:
        user.role = role.value
        await audit.role_changed(session, user, previous.value, actor_id)
    return user, previous is not role


async def _lock_administrators(session: AsyncSession) -> set[UUID]:
    statement = select(User.id).where(User.role == Role.ADMIN.value).order_by(User.id).with_for_update()
    return set(await session.scalars(statement))


async def promote(session: AsyncSession, email: str) -> User | None:
    """Make the account of an address an administrator; None when there is no such account."""
    found = await find_by_email(session, email)
    user = await lock(session, found.id) if found else None
    if user is not None and user.role != Role.ADMIN.value:
        previous, user.role = user.role, Role.ADMIN.value
        await audit.role_changed(session, user, previous, None)
    await session.commit()
    return user
