"""The newest checkpoint, kept outside the database: in Redis.

Who can write to the database can cut off the newest entries together with their checkpoints, and what is left
is a good chain. The anchor then names an entry that is gone. It is an addition: without Redis, or when Redis
lost it, the log works as before, and its copy in the service's logs still shows the same.
"""

import asyncio
import json
import logging
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key
from security.audit_keys import AuditKeys, Checkpoint

logger = logging.getLogger(__name__)

KEY = redis_key("security", "audit", "anchor")
_SECONDS = 1.0
_CHECKPOINT = TypeAdapter(Checkpoint)
# Replicas may come here in another order than they committed in: the anchor only moves forward.
_ADVANCE = """
local held = redis.call('HGET', KEYS[1], 'sequence')
if not held or tonumber(held) < tonumber(ARGV[1]) then
    redis.call('HSET', KEYS[1], 'sequence', ARGV[1], 'checkpoint', ARGV[2])
end
"""


class Anchor:
    """What cannot be asked for within a second is done without: an entry must not wait for Redis."""

    def __init__(self, redis: Redis, keys: AuditKeys) -> None:
        self._redis = redis
        self._keys = keys
        self._advance = redis.register_script(_ADVANCE)

    async def newest(self) -> Checkpoint | None:
        """The anchor, when there is one and we signed it."""
        try:
            async with asyncio.timeout(_SECONDS):
                document = await self._redis.hget(KEY, "checkpoint")
        except (RedisError, TimeoutError) as error:
            logger.warning("the anchor of the audit log is not available", extra={"reason": repr(error)})
            return None
        return self._read(document) if document else None

    def _read(self, document: str | bytes) -> Checkpoint | None:
        try:
            checkpoint = _CHECKPOINT.validate_json(document)
        except ValidationError:
            checkpoint = None
        if checkpoint is None or not self._keys.accepts(checkpoint):
            logger.warning("the anchor of the audit log is not signed with a key of ours")
            return None
        return checkpoint

    async def advance(self, checkpoint: Checkpoint) -> None:
        """Move the anchor to a newer entry."""
        arguments: list[int | str] = [checkpoint.sequence, json.dumps(asdict(checkpoint))]
        try:
            async with asyncio.timeout(_SECONDS):
                await self._advance(keys=[KEY], args=list(arguments))
        except (RedisError, TimeoutError) as error:
            logger.warning("the anchor of the audit log was not moved", extra={"reason": repr(error)})

    async def replace(self, checkpoint: Checkpoint) -> None:
        """Put the anchor at an entry, even an older one; raises when Redis does not take it."""
        document = json.dumps(asdict(checkpoint))
        await self._redis.hset(KEY, mapping={"sequence": checkpoint.sequence, "checkpoint": document})
