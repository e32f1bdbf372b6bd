"""Logins: an access token, and a refresh token that is replaced at every use.

A session is the family of the refresh tokens of one login. When a client sends a replaced token again, either
this client or the one that used the token first is a thief, so the service ends the family. One case is no
theft: the answer with the new token was lost, and the client repeats its request. For a few seconds, and only
while the new token is unused, the client gets the same new token again. So a family never has two valid
tokens, and the service still detects a thief.

Code that changes the sessions of an account holds the lock of its user row (`accounts.lock`).
"""

from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.problems import ProblemError
from assistants_common.revocation import revocation_ttl, revoke_session, revoke_user
from assistants_common.tokens import Role, TokenService
from user_management import accounts, audit
from user_management.models import RefreshToken, Session, User
from user_management.opaque_tokens import derive, digest, new_token
from user_management.schemas import LoginResult
from user_management.settings import Settings


class Sessions:
    """Opens, continues and ends sessions; the caller commits unless a method says otherwise."""

    def __init__(self, settings: Settings, tokens: TokenService, redis: Redis) -> None:
        self._settings = settings
        self._tokens = tokens
        self._redis = redis
        self._ttl = revocation_ttl(settings)

    async def open(self, session: AsyncSession, user: User) -> LoginResult:
        """A new session of a user whose row is locked."""
        now = datetime.now(UTC)
        user.last_login_at = now
        login = Session(
            user_id=user.id, refreshed_at=now, expires_at=now + timedelta(days=self._settings.session_days)
        )
        session.add(login)
        await session.flush()
        await audit.logged_in(session, user, login.id)
        return self._result(user, login, self._add_token(session, login, new_token()))

    async def refresh(self, session: AsyncSession, token: str) -> LoginResult:
        """The next tokens of a session; 401 when the token is invalid. Commits."""
        user, login, stored = await self._find(session, token)
        now = datetime.now(UTC)
        if login.revoked_at or min(login.expires_at, stored.expires_at) <= now:
            raise _refused()
        if stored.rotated_at is None:
            successor: str | None = await self._rotate(session, login, stored, token)
        else:
            successor = await self._successor(session, stored, token)
        login.refreshed_at = now
        if successor is None:
            await self._end_stolen(session, user, login)
            raise _refused()
        await session.commit()
        return self._result(user, login, successor)

    async def end(self, session: AsyncSession, user_id: UUID, session_id: UUID) -> None:
        """End one session of a user, with its access tokens. Does nothing for another user's session."""
        await accounts.lock(session, user_id)
        login = await session.get(Session, session_id, populate_existing=True)
        if login is not None and login.user_id == user_id and login.revoked_at is None:
            await revoke_session(self._redis, login.id, self._ttl)
            login.revoked_at = datetime.now(UTC)
            await audit.record(session, "user.logout", user_id, session_id=login.id)

    async def end_all(self, session: AsyncSession, user_id: UUID, keep: UUID | None = None) -> None:
        """End the sessions of a user whose row is locked, except `keep`. Changes nothing without Redis."""
        now = datetime.now(UTC)
        statement = (
            update(Session)
            .where(
                Session.user_id == user_id, Session.revoked_at.is_(None), Session.id.is_distinct_from(keep)
            )
            .values(revoked_at=now)
            .returning(Session.id, Session.refreshed_at)
        )
        with_living_tokens = now - timedelta(seconds=self._ttl)
        for session_id, refreshed_at in (await session.execute(statement)).all():
            if refreshed_at >= with_living_tokens:
                await revoke_session(self._redis, session_id, self._ttl)
        if keep is None:
            await revoke_user(self._redis, user_id, self._ttl)

    async def _find(self, session: AsyncSession, token: str) -> tuple[User, Session, RefreshToken]:
        """A token's rows, read under the lock of the user's row."""
        hashed = digest(token)
        owner = select(Session.user_id).join(RefreshToken).where(RefreshToken.token_hash == hashed)
        user_id = await session.scalar(owner)
        user = await accounts.lock(session, user_id) if user_id else None
        rows = (
            select(Session, RefreshToken)
            .join(RefreshToken, RefreshToken.session_id == Session.id)
            .where(RefreshToken.token_hash == hashed)
        )
        found = (await session.execute(rows)).one_or_none()
        if user is None or found is None:
            raise _refused()
        return user, found[0], found[1]

    def _add_token(self, session: AsyncSession, login: Session, token: str) -> str:
        lifetime = timedelta(days=self._settings.refresh_token_days)
        expires_at = min(datetime.now(UTC) + lifetime, login.expires_at)
        session.add(RefreshToken(token_hash=digest(token), session_id=login.id, expires_at=expires_at))
        return token

    async def _rotate(self, session: AsyncSession, login: Session, stored: RefreshToken, token: str) -> str:
        older = update(RefreshToken).where(RefreshToken.session_id == login.id).values(successor_salt=None)
        await session.execute(older)
        salt = token_bytes(32)
        stored.rotated_at, stored.successor_salt = datetime.now(UTC), salt
        return self._add_token(session, login, derive(token, salt))

    async def _successor(self, session: AsyncSession, stored: RefreshToken, token: str) -> str | None:
        """The successor of this token, when the client may get it again."""
        patience = timedelta(seconds=self._settings.refresh_retry_seconds)
        if stored.rotated_at is None or stored.successor_salt is None:
            return None
        if datetime.now(UTC) - stored.rotated_at >= patience:
            return None
        successor = derive(token, stored.successor_salt)
        row = await session.get(RefreshToken, digest(successor))
        return successor if row is not None and row.rotated_at is None else None

    async def _end_stolen(self, session: AsyncSession, user: User, login: Session) -> None:
        """End the family. Commits before the update of Redis, so that the family ends even without Redis."""
        login.revoked_at = datetime.now(UTC)
        await audit.token_reused(session, user, login.id)
        await session.commit()
        await revoke_session(self._redis, login.id, self._ttl)

    def _result(self, user: User, login: Session, refresh_token: str) -> LoginResult:
        access = self._tokens.issue(user.id, Role(user.role), session_id=login.id)
        days = timedelta(days=self._settings.refresh_token_days)
        left = min(days, login.expires_at - datetime.now(UTC))
        return LoginResult(
            access_token=access.value,
            expires_in=access.expires_in,
            refresh_token=refresh_token,
            refresh_expires_in=int(left.total_seconds()),
            user_id=user.id,
        )


def _refused() -> ProblemError:
    return ProblemError(
        401, "The refresh token is not good (any more): log in.", headers={"WWW-Authenticate": "Bearer"}
    )
