"""Caches 1C's answers in Redis for a while. Without Redis the service only works more slowly."""

import logging
from collections.abc import Awaitable, Callable

from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key

logger = logging.getLogger(__name__)


class AnswerCache:
    def __init__(self, redis: Redis, name_space: str) -> None:
        self._redis = redis
        self._name_space = name_space

    async def get_or_load[T: BaseModel](
        self, name: str, model: type[T], seconds: int, load: Callable[[], Awaitable[T]]
    ) -> T:
        """The cached answer, or a new one from `load`, which is then cached. Errors are not cached."""
        key = redis_key("onec-integration", self._name_space, name)
        cached = await self._get(key, model)
        if cached is not None:
            return cached
        loaded = await load()
        await self._set(key, loaded, seconds)
        return loaded

    async def _get[T: BaseModel](self, key: str, model: type[T]) -> T | None:
        try:
            document = await self._redis.get(key)
            return model.model_validate_json(document) if document else None
        except (RedisError, ValidationError) as error:
            logger.warning("cache not read", extra={"key": key, "error": type(error).__name__})
            return None

    async def _set(self, key: str, value: BaseModel, seconds: int) -> None:
        try:
            await self._redis.set(key, value.model_dump_json(), ex=seconds)
        except RedisError as error:
            logger.warning("cache not written", extra={"key": key, "error": type(error).__name__})
