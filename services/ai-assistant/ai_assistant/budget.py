"""How many tokens a user may spend on a day (UTC).

The count lives in Redis, where a key may be evicted; it is then made again from the usage on record.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

SpentSince = Callable[[UUID, datetime], Awaitable[int]]

_KEEP_SECONDS = 2 * 24 * 3600
_UNKNOWN = -1
_NOTHING_LEFT = 0

# Admits a request when anything is left, and counts what it may spend at most: requests at once cannot all
# take the same rest. Answers -1 when there is no count to go by, 0 when nothing is left, else 1.
_RESERVE = """
local spent = tonumber(redis.call('GET', KEYS[1]) or ARGV[3])
if spent < 0 then return -1 end
if spent >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], spent + tonumber(ARGV[2]), 'EX', ARGV[4])
return 1
"""

_SETTLE = """
local count = redis.call('GET', KEYS[1])
if count then redis.call('SET', KEYS[1], math.max(0, tonumber(count) + tonumber(ARGV[1])), 'KEEPTTL') end
"""


@dataclass(frozen=True)
class Reservation:
    key: str
    tokens: int


class TokenBudget:
    def __init__(self, redis: Redis, limit: int, spent_since: SpentSince) -> None:
        self._limit = limit
        self._spent_since = spent_since
        self._reserve = redis.register_script(_RESERVE)
        self._settle = redis.register_script(_SETTLE)

    async def reserve(self, user_id: UUID, tokens: int) -> Reservation:
        """Set aside what a request may spend; 429 when the day's budget is used up."""
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        reservation = Reservation(redis_key("ai-assistant", "tokens", user_id, midnight.date()), tokens)
        admitted = await self._try(reservation, _UNKNOWN)
        if admitted == _UNKNOWN:
            admitted = await self._try(reservation, await self._spent_since(user_id, midnight))
        if admitted == _NOTHING_LEFT:
            seconds = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
            raise ProblemError(
                429,
                f"The daily budget of {self._limit} tokens is used up; it starts anew at midnight UTC.",
                headers={"Retry-After": str(seconds)},
            )
        return reservation

    async def settle(self, reservation: Reservation, spent: int) -> None:
        """Put what was spent in the place of what was set aside."""
        try:
            await self._settle(keys=[reservation.key], args=[spent - reservation.tokens])
        except RedisError:
            logger.exception("token budget not settled", extra={"tokens": spent})

    async def _try(self, reservation: Reservation, spent: int) -> int:
        args = [self._limit, reservation.tokens, spent, _KEEP_SECONDS]
        return int(await self._reserve(keys=[reservation.key], args=args))
