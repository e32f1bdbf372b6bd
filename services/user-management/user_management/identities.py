"""Finds the account of a user of the identity provider."""

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from user_management import accounts, audit
from user_management.models import Identity as StoredIdentity
from user_management.models import User
from user_management.oidc import Identity
from user_management.sessions import Sessions


async def account_of(session: AsyncSession, identity: Identity, sessions: Sessions) -> User:
    """The account linked to an identity, its row locked. Links or creates the account when there is none.

    Uses only an address that the provider has verified. The caller commits.
    """
    linked = await session.get(StoredIdentity, (identity.issuer, identity.subject))
    if linked is not None and (user := await accounts.lock(session, linked.user_id)) is not None:
        return user
    email = _usable(identity.email)
    try:
        user = await _account_with(session, email, sessions)
        key = {"issuer": identity.issuer, "subject": identity.subject}
        session.add(StoredIdentity(**key, user_id=user.id))
        await session.flush()
    except IntegrityError as error:
        raise ProblemError(409, "Another login of yours was faster: log in again.") from error
    return user


async def _account_with(session: AsyncSession, email: str, sessions: Sessions) -> User:
    found = await accounts.find_by_email(session, email)
    user = await accounts.lock(session, found.id) if found else None
    if user is None:
        return await accounts.add_user(session, email, None, verified=True)
    if not user.email_verified:
        await _take_from_its_maker(session, user, sessions)
    return user


async def _take_from_its_maker(session: AsyncSession, user: User, sessions: Sessions) -> None:
    """Remove password and sessions of an account whose address was not confirmed when it was made.

    Someone else may have created it, to use that password after the owner of the address appears.
    """
    if user.password_hash is not None:
        user.password_hash = None
        await audit.record(session, "user.password_changed", user.id, by="reset")
    await sessions.end_all(session, user.id)
    await accounts.mark_verified(session, user)


def _usable(email: str | None) -> str:
    try:
        return validate_email(email or "", check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ProblemError(
            403, "The identity provider does not confirm an e-mail address of yours."
        ) from error
