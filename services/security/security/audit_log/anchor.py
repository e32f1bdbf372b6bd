"""The newest checkpoint, kept outside the database: in Redis, and in the memory of every process.

An attacker with write access to the database can delete the newest entries with their checkpoints, and the
rest is still a valid chain. The anchor then names a deleted entry. An attacker with write access to Redis can
delete the anchor or restore an older one; a process that remembers a newer one reports it and writes it
again. Without Redis the log keeps working.
"""

import asyncio
import json
import logging
from dataclasses import asdict, dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from assistants_common.cache import redis_key
from security.audit_log.keys import AuditKeys, Checkpoint

logger = logging.getLogger(__name__)

KEY = redis_key("security", "audit", "anchor")
_SECONDS = 1.0
_KEEPING_SECONDS = 30.0
_TRIES = 5
_CHECKPOINT = TypeAdapter(Checkpoint)
# Replaces only the value that the caller has seen and checked, because Redis does not have the keys to check.
_REPLACE = """
local held = redis.call('HGET', KEYS[1], 'checkpoint') or ''
if held == ARGV[1] then redis.call('HSET', KEYS[1], 'sequence', ARGV[2], 'checkpoint', ARGV[3]) end
return held
"""


class AnchorState(StrEnum):
    """The state of the anchor in Redis."""

    HELD = "held"
    MISSING = "missing"
    FOREIGN = "not signed with a key of ours"
    OLD = "older than what this process knows"
    UNAVAILABLE = "not available"


@dataclass(frozen=True)
class Sighting:
    """The newest checkpoint known outside the database, from Redis and this process."""

    checkpoint: Checkpoint | None
    state: AnchorState

    @property
    def is_lost(self) -> bool:
        """Whether Redis answers without a checkpoint to compare the log with."""
        return self.checkpoint is None and self.state is not AnchorState.UNAVAILABLE


class Anchor:
    """Waits at most a second for Redis and then goes on without it: an entry must not wait for Redis."""

    def __init__(self, redis: Redis, keys: AuditKeys) -> None:
        self._redis = redis
        self._keys = keys
        self._replace = redis.register_script(_REPLACE)
        self._document = ""
        self._moving = asyncio.Lock()
        self.known: Checkpoint | None = None
        """The newest checkpoint this process has seen. A change in Redis or PostgreSQL does not reach it."""

    async def look(self) -> Sighting:
        """The known checkpoint; restores it in Redis when this process has a newer one."""
        try:
            async with asyncio.timeout(_SECONDS):
                held = await self._redis.hget(KEY, "checkpoint")
        except (RedisError, TimeoutError) as error:
            logger.warning("the anchor of the audit log is not available", extra={"reason": repr(error)})
            return Sighting(self.known, AnchorState.UNAVAILABLE)
        self._document = str(held or "")
        state = self._judge(held)
        if state is not AnchorState.HELD:
            logger.warning("the anchor of the audit log is not as it was", extra={"state": state.value})
            if self.known is not None:
                await self.advance(self.known)
        return Sighting(self.known, state)

    def _judge(self, held: str | bytes | None) -> AnchorState:
        if held is None:
            return AnchorState.MISSING
        checkpoint = self._read(held)
        if checkpoint is None:
            return AnchorState.FOREIGN
        if self.known is not None and checkpoint.sequence < self.known.sequence:
            return AnchorState.OLD
        self.known = checkpoint
        return AnchorState.HELD

    def _read(self, document: str | bytes) -> Checkpoint | None:
        """The checkpoint, when its signature is valid."""
        try:
            checkpoint = _CHECKPOINT.validate_json(document)
        except ValidationError:
            return None
        return checkpoint if self._keys.accepts(checkpoint) else None

    async def advance(self, checkpoint: Checkpoint) -> None:
        """Move the anchor to a newer entry. Replicas may call this in another order than they committed."""
        if self.known is None or self.known.sequence < checkpoint.sequence:
            self.known = checkpoint
        try:
            async with asyncio.timeout(_SECONDS), self._moving:
                # The entries of one process do not compete: only its newest has to arrive.
                if checkpoint.sequence >= self.known.sequence:
                    await self._move(checkpoint)
        except (RedisError, TimeoutError) as error:
            logger.warning("the anchor of the audit log was not moved", extra={"reason": repr(error)})

    async def _move(self, checkpoint: Checkpoint) -> None:
        document = json.dumps(asdict(checkpoint))
        for _ in range(_TRIES):
            expected = self._document
            self._document = await self._replace(keys=[KEY], args=[expected, checkpoint.sequence, document])
            if self._document == expected:
                self._document = document
                return
            held = self._read(self._document)
            if held is not None and held.sequence >= checkpoint.sequence:
                return
        logger.warning("the anchor of the audit log was not moved", extra={"reason": "others move it"})

    async def replace(self, checkpoint: Checkpoint) -> None:
        """Set the anchor to an entry, even an older one; raises when Redis does not store it."""
        document = json.dumps(asdict(checkpoint))
        await self._redis.hset(KEY, mapping={"sequence": checkpoint.sequence, "checkpoint": document})
        self.known, self._document = checkpoint, document

    async def keep(self) -> None:
        """Look at intervals until cancelled, which restores an anchor that Redis has lost."""
        while True:
            await self.look()
            await asyncio.sleep(_KEEPING_SECONDS)
