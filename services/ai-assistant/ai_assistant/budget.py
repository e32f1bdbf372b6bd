"""Limits the tokens that a user may spend on a day (UTC).

Redis holds the count and may evict it; the service then rebuilds the count from the recorded usage. While
Redis is unreachable the service makes no call and answers 503, because an uncounted call still costs money.

A request reserves the most it may spend, and replaces the reservation by the real cost afterwards. The
reservation of a killed process stays counted, because the cost of its calls is unknown.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prometheus_client import Counter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

REFUSALS = Counter(
    "ai_budget_refusals_total", "Requests refused because of the budget of tokens.", ["reason"]
)
for _reason in ("used_up", "uncounted"):
    REFUSALS.labels(_reason)

SpentSince = Callable[[UUID, datetime], Awaitable[int]]

_KEEP_SECONDS = 2 * 24 * 3600
_RETRY_AFTER = {"Retry-After": "5"}
_UNKNOWN = -1
_NOTHING_LEFT = ""
_NO_COUNT = "unknown"

# Admits a request when tokens are left, and reserves the most it may spend, so that parallel requests do not
# spend the same tokens. Answers 'unknown' without a count, '' when nothing is left, else the id of the count.
_RESERVE = """
local spent = tonumber(redis.call('HGET', KEYS[1], 'spent') or ARGV[3])
if spent < 0 then return 'unknown' end
if spent >= tonumber(ARGV[1]) then return '' end
redis.call('HSET', KEYS[1], 'spent', spent + tonumber(ARGV[2]))
redis.call('HSETNX', KEYS[1], 'id', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return redis.call('HGET', KEYS[1], 'id')
"""

# A count rebuilt in between does not contain the reservation, so the script subtracts nothing from it.
_SETTLE = """
local id = redis.call('HGET', KEYS[1], 'id')
if not id then return end
local change = tonumber(ARGV[1])
if id == ARGV[3] then change = change - tonumber(ARGV[2]) end
redis.call('HINCRBY', KEYS[1], 'spent', change)
"""


@dataclass(frozen=True)
class Reservation:
    key: str
    tokens: int
    count: str
    """The count it was taken from."""


class TokenBudget:
    def __init__(self, redis: Redis, limit: int, spent_since: SpentSince) -> None:
        self._limit = limit
        self._spent_since = spent_since
        self._reserve = redis.register_script(_RESERVE)
        self._settle = redis.register_script(_SETTLE)

    async def reserve(self, user_id: UUID, tokens: int) -> Reservation:
        """Reserve the most a request may spend; 429 when the day's budget is used up."""
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        key = redis_key("ai-assistant", "budget", user_id, midnight.date())
        count = await self._try(key, tokens, _UNKNOWN)
        if count == _NO_COUNT:
            count = await self._try(key, tokens, await self._spent_since(user_id, midnight))
        if count == _NOTHING_LEFT:
            REFUSALS.labels("used_up").inc()
            seconds = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
            raise ProblemError(
                429,
                f"The daily budget of {self._limit} tokens is used up; it starts anew at midnight UTC.",
                headers={"Retry-After": str(seconds)},
            )
        return Reservation(key, tokens, count)

    async def settle(self, reservation: Reservation, spent: int) -> None:
        """Replace the reservation by the tokens spent."""
        try:
            await self._settle(keys=[reservation.key], args=[spent, reservation.tokens, reservation.count])
        except RedisError:
            logger.exception("token budget not settled", extra={"tokens": spent})

    async def _try(self, key: str, tokens: int, spent: int) -> str:
        args: list[str | int | float] = [self._limit, tokens, spent, uuid4().hex, _KEEP_SECONDS]
        try:
            return str(await self._reserve(keys=[key], args=args))
        except RedisError as error:
            logger.exception("tokens cannot be counted")
            REFUSALS.labels("uncounted").inc()
            detail = "Tokens cannot be counted just now, and no model is called uncounted."
            raise ProblemError(503, detail, headers=_RETRY_AFTER) from error
