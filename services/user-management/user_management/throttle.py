"""Locks an account while its password is being guessed.

Redis holds the state under a hash of the address, also for addresses without an account, so that a lock does
not reveal whether an account exists. Without Redis the service refuses logins (503), so that guessing is
never unlimited.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256

from redis.asyncio import Redis

from assistants_common.cache import redis_key
from assistants_common.problems import ProblemError
from user_management.settings import Settings

_LEVEL_SECONDS = 24 * 3600
_LONGEST_LOCK = 4 * 3600

_ADMIT = """
local locked = redis.call('TTL', KEYS[1])
if locked >= 0 then return math.max(locked, 1) end
local count = redis.call('INCR', KEYS[2])
if count == 1 then redis.call('EXPIRE', KEYS[2], ARGV[1]) end
if count > tonumber(ARGV[2]) then return math.max(redis.call('TTL', KEYS[2]), 1) end
return 0
"""

_FAIL = """
local count = tonumber(redis.call('GET', KEYS[2]) or 0)
if count < tonumber(ARGV[1]) then return 0 end
local level = redis.call('INCR', KEYS[3])
redis.call('EXPIRE', KEYS[3], ARGV[4])
local seconds = math.min(tonumber(ARGV[2]) * 2 ^ math.min(level - 1, 10), tonumber(ARGV[3]))
redis.call('SET', KEYS[1], '1', 'EX', string.format('%d', seconds))
redis.call('DEL', KEYS[2])
return seconds
"""

_RELEASE = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DECR', KEYS[1]) end"


class LoginThrottle:
    """Counts an attempt before the password check, so that parallel guesses cannot exceed the limit."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings
        self._admit = redis.register_script(_ADMIT)
        self._fail = redis.register_script(_FAIL)
        self._release = redis.register_script(_RELEASE)

    @asynccontextmanager
    async def attempt(self, email: str) -> AsyncIterator[None]:
        """Guards a password check; 429 while the account is locked, whatever the password.

        Call `failed` or `passed` inside. Other endings, such as an unreachable database, do not count.
        """
        settings, keys = self._settings, _keys(email)
        seconds = await self._admit(
            keys=keys[:2], args=[settings.lock_window_seconds, settings.lock_after_failures]
        )
        if seconds:
            raise AccountLockedError(int(seconds))
        try:
            yield
        except ProblemError:
            raise
        except Exception:
            await self._release(keys=[keys[1]])
            raise

    async def failed(self, email: str) -> int:
        """Count a wrong password; returns the seconds of the lock that it starts, or 0."""
        settings = self._settings
        arguments = [settings.lock_after_failures, settings.lock_seconds, _LONGEST_LOCK, _LEVEL_SECONDS]
        return int(await self._fail(keys=_keys(email), args=arguments))

    async def passed(self, email: str) -> None:
        """Clear the failures: the owner has proved their identity by the password or by a mail."""
        await self._redis.delete(*_keys(email))


class AccountLockedError(ProblemError):
    """429 and not 423: the cause is too many requests, clients obey Retry-After, and the answer is also right
    for an address without an account, which cannot be locked.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(
            429,
            "Too many failed logins for this account. Wait, or reset the password.",
            type_="urn:assistants:problem:account-locked",
            headers={"Retry-After": str(seconds)},
        )


def _keys(email: str) -> list[str]:
    """The keys of the lock, the count of failures, and the count of recent locks."""
    account = account_fingerprint(email)
    return [redis_key("user-management", kind, account) for kind in ("lock", "failures", "locks")]


def account_fingerprint(email: str) -> str:
    """Identifies an account in Redis and in events without its address."""
    return sha256(email.lower().encode()).hexdigest()
