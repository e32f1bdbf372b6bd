"""Caches the schema of the base. A large one takes 1C long, so replicas share it; each keeps it decoded."""

import asyncio
import base64
import logging
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key
from onec_integration.metadata import Schema

logger = logging.getLogger(__name__)

KEEP_SECONDS = 600


@dataclass(frozen=True)
class _Kept:
    tag: str
    schema: Schema
    until: float


def _pack(schema: Schema) -> str:
    return base64.b64encode(zlib.compress(schema.model_dump_json().encode())).decode()


def _unpack(packed: bytes | str) -> Schema:
    return Schema.model_validate_json(zlib.decompress(base64.b64decode(packed)))


class SchemaCache:
    def __init__(self, redis: Redis, name_space: str, load: Callable[[], Awaitable[Schema]]) -> None:
        self._redis = redis
        self._tag_key = redis_key("onec-integration", name_space, "schema-tag")
        self._document_key = redis_key("onec-integration", name_space, "schema")
        self._load = load
        self._kept: _Kept | None = None
        self._task: asyncio.Task[Schema] | None = None

    async def get(self) -> Schema:
        """The schema, at most ten minutes old. Concurrent callers wait for the same read."""
        if self._task is None:
            self._task = asyncio.create_task(self._current(), name="schema")
            self._task.add_done_callback(self._done)
        return await asyncio.shield(self._task)

    def _done(self, task: asyncio.Task[Schema]) -> None:
        self._task = None
        if not task.cancelled():
            task.exception()  # the callers that wait get it; when they went away, it may be dropped

    async def _current(self) -> Schema:
        tag = await self._current_tag()
        if self._kept is None or self._kept.tag != tag:
            self._kept = await self._shared(tag) or await self._read()
        return self._kept.schema

    async def _current_tag(self) -> str | None:
        """The tag of the schema in Redis; without Redis, the replica uses its schema until it expires."""
        try:
            tag = await self._redis.get(self._tag_key)
        except RedisError as error:
            logger.warning("the schema's tag was not read", extra={"error": type(error).__name__})
            fresh = self._kept is not None and monotonic() < self._kept.until
            return self._kept.tag if self._kept and fresh else None
        return None if tag is None else str(tag)

    async def _shared(self, tag: str | None) -> _Kept | None:
        """The schema that another replica has read."""
        if tag is None:
            return None
        try:
            packed = await self._redis.get(self._document_key)
            schema = await asyncio.to_thread(_unpack, packed or "")
        except (RedisError, ValidationError, ValueError, zlib.error) as error:
            logger.warning("the schema was not read from the cache", extra={"error": type(error).__name__})
            return None
        return _Kept(tag, schema, monotonic() + KEEP_SECONDS)

    async def _read(self) -> _Kept:
        schema, tag = await self._load(), uuid4().hex
        packed = await asyncio.to_thread(_pack, schema)
        try:
            await self._redis.set(self._document_key, packed, ex=KEEP_SECONDS)
            await self._redis.set(self._tag_key, tag, ex=KEEP_SECONDS)
        except RedisError as error:
            logger.warning("the schema was not cached", extra={"error": type(error).__name__})
        return _Kept(tag, schema, monotonic() + KEEP_SECONDS)
