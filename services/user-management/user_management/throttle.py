"""Slows down the guessing of one account's password."""

from hashlib import sha256

from redis.asyncio import Redis

from assistants_common.cache import redis_key
from assistants_common.problems import ProblemError

WINDOW_SECONDS = 60

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""


class LoginThrottle:
    """Counts an attempt before the password is looked at, so that parallel guesses do not slip through."""

    def __init__(self, redis: Redis, limit: int) -> None:
        self._redis = redis
        self._limit = limit
        self._count = redis.register_script(_COUNT)

    async def admit(self, email: str) -> None:
        """Count an attempt; 429 when the account has had too many failures within a minute."""
        count, seconds_left = await self._count(keys=[_key(email)], args=[WINDOW_SECONDS])
        if count > self._limit:
            raise ProblemError(
                429,
                "Too many failed logins for this account.",
                headers={"Retry-After": str(max(int(seconds_left), 1))},
            )

    async def forget(self, email: str) -> None:
        """A right password clears the account's count."""
        await self._redis.delete(_key(email))


def _key(email: str) -> str:
    return redis_key("user-management", "login-failures", account_fingerprint(email))


def account_fingerprint(email: str) -> str:
    """Names an account in Redis and in events without showing the address."""
    return sha256(email.lower().encode()).hexdigest()
