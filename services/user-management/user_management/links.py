"""One-time tokens for links in mails."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from user_management import accounts
from user_management.models import OneTimeToken, User
from user_management.opaque_tokens import digest, new_token


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a name


LIFETIMES = {
    Purpose.VERIFY_EMAIL: timedelta(hours=24),
    Purpose.RESET_PASSWORD: timedelta(minutes=30),
}


async def issue(session: AsyncSession, user_id: UUID, purpose: Purpose) -> str:
    """A new token; the caller commits."""
    token = new_token()
    expires_at = datetime.now(UTC) + LIFETIMES[purpose]
    session.add(
        OneTimeToken(token_hash=digest(token), purpose=purpose.value, user_id=user_id, expires_at=expires_at)
    )
    return token


async def redeem(session: AsyncSession, token: str, purpose: Purpose) -> User:
    """The account of a token, locked; 404 for an invalid or used token.

    The caller's commit uses up the token and the account's other tokens of this purpose.
    """
    wanted = (OneTimeToken.token_hash == digest(token), OneTimeToken.purpose == purpose.value)
    user_id = await session.scalar(
        select(OneTimeToken.user_id).where(*wanted, OneTimeToken.expires_at > datetime.now(UTC))
    )
    user = await accounts.lock(session, user_id) if user_id else None
    # Before the lock, another request could still have used the token.
    if user is None or await session.scalar(select(OneTimeToken.user_id).where(*wanted)) is None:
        raise ProblemError(404, "The link is not good any more: it was used, is too old, or is not complete.")
    await session.execute(
        delete(OneTimeToken).where(OneTimeToken.user_id == user.id, OneTimeToken.purpose == purpose.value)
    )
    return user
