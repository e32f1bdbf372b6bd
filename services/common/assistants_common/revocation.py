"""Access tokens that are refused before they expire: after a logout, a new password, a new role.

The revocations are kept in Redis for the lifetime of a token. They are not the only protection: tokens are
short-lived, and the service that issues them never renews a revoked session. When Redis is unreachable or has
lost the revocations, a revoked token works until it expires.
"""

import asyncio
import logging
from math import floor
from time import time
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.settings import ServiceSettings
from assistants_common.tokens import SKEW_SECONDS, Principal

logger = logging.getLogger(__name__)

_ANSWER_SECONDS = 1


def session_key(session_id: UUID) -> str:
    return f"revoked:session:{session_id}"


def user_key(user_id: UUID) -> str:
    return f"revoked:user:{user_id}"


def revocation_ttl(settings: ServiceSettings) -> int:
    """How many seconds a note must be kept: no token issued before it is good for longer."""
    return settings.jwt_expire_minutes * 60 + SKEW_SECONDS


async def revoke_session(redis: Redis, session_id: UUID, ttl: int) -> None:
    """Refuse every token of a login; raises when Redis does not take it."""
    await redis.set(session_key(session_id), "1", ex=ttl)


async def revoke_user(redis: Redis, user_id: UUID, ttl: int) -> None:
    """Refuse the tokens a user got before this second; raises when Redis does not take it.

    The issue time of a token has whole seconds. A token issued in this second is accepted, because it may
    belong to a new login: revoke the sessions as well.
    """
    await redis.set(user_key(user_id), str(floor(time())), ex=ttl)


async def is_revoked(redis: Redis, principal: Principal) -> bool:
    """Whether the token was revoked. When Redis is away the answer is no, with a warning in the log."""
    keys = [user_key(principal.user_id)]
    if principal.session_id is not None:
        keys.append(session_key(principal.session_id))
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            since, *session = await redis.mget(keys)
    except (RedisError, TimeoutError) as error:
        logger.warning("revoked tokens cannot be looked up", extra={"error": repr(error)})
        return False
    return any(session) or (since is not None and principal.issued_at < float(since))
