"""The events of this service for the others, recorded in the transaction of the change itself."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.context import client_address
from assistants_common.outbox import record_event
from user_management import NAME
from user_management.models import User
from user_management.throttle import account_fingerprint


async def record(
    session: AsyncSession,
    type_: str,
    user_id: UUID | None = None,
    session_id: UUID | None = None,
    **data: str | int | None,
) -> None:
    """Record an event of this service, without the unknown values in its data."""
    if session_id is not None:
        data["session"] = str(session_id)
    known = {key: value for key, value in data.items() if value is not None}
    await record_event(session, NAME, type_, known, user_id)


async def registered(session: AsyncSession, user: User) -> None:
    await record(session, "user.registered", user.id, role=user.role)


async def logged_in(session: AsyncSession, user: User, session_id: UUID) -> None:
    await record(session, "user.login", user.id, session_id, role=user.role, address=client_address())


async def login_failed(session: AsyncSession, email: str, reason: str, locked_seconds: int = 0) -> None:
    """Record a failed login and the lock that it starts, with the account's fingerprint instead of its
    address.
    """
    account, address = account_fingerprint(email), client_address()
    await record(session, "user.login_failed", account=account, reason=reason, address=address)
    if locked_seconds:
        await record(session, "user.locked", account=account, address=address, seconds=locked_seconds)


async def role_changed(session: AsyncSession, user: User, previous: str, by: UUID | None) -> None:
    """Record a new role. `by`: an administrator, or None for an operator at the command line."""
    data = {"from": previous, "to": user.role, "by": str(by) if by else None}
    await record(session, "user.role_changed", user.id, None, **data)


async def email_verified(session: AsyncSession, user: User) -> None:
    await record(session, "user.email_verified", user.id)


async def token_reused(session: AsyncSession, user: User, session_id: UUID) -> None:
    await record(session, "user.token_reused", user.id, session_id, address=client_address())
