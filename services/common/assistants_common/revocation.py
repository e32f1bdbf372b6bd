"""Revokes access tokens before they expire: after a logout, a new password, a new role.

Redis keeps the revocations for the lifetime of a token. They are not the only protection: tokens are
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
    """Seconds to keep a revocation: every token issued before it has expired by then."""
    return settings.jwt_expire_minutes * 60 + SKEW_SECONDS


async def revoke_session(redis: Redis, session_id: UUID, ttl: int) -> None:
    """Revoke every token of a login; raises when Redis does not store the revocation."""
    await redis.set(session_key(session_id), "1", ex=ttl)


async def revoke_user(redis: Redis, user_id: UUID, ttl: int) -> None:
    """Revoke the tokens a user got before this second; raises when Redis does not store the revocation.

    The issue time of a token has whole seconds. Services accept a token issued in this second, because it may
    belong to a new login: revoke the sessions as well.
    """
    await redis.set(user_key(user_id), str(floor(time())), ex=ttl)


async def is_revoked(redis: Redis, principal: Principal) -> bool:
    """Whether the token was revoked. While Redis is away, returns False and logs a warning."""
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
