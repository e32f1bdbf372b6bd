"""Tokens spent: on record in the database, as an event, and as metrics."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ai_assistant.models import TokenUsage
from assistants_common.database import Database
from assistants_common.events import EventPublisher

logger = logging.getLogger(__name__)

TOKENS = Counter("ai_tokens_total", "Tokens spent at the providers.", ["provider", "model", "kind"])

_UNCONFIRMED = "unconfirmed"

Operation = Literal["chat", "generate"]


@dataclass(frozen=True)
class Usage:
    """What a call cost; estimated when the provider gave no count, as when a call is broken off."""

    input_tokens: int
    output_tokens: int
    estimated: bool

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class UsageRecord:
    user_id: UUID
    operation: Operation
    provider: str
    model: str
    usage: Usage
    model_is_real: bool = True
    """Whether the provider answered for the model: else a caller could make new metric series by its name."""


class UsageLedger:
    def __init__(self, database: Database, events: EventPublisher) -> None:
        self._database = database
        self._events = events

    async def record(self, record: UsageRecord) -> None:
        """Put usage on record. An answer that has been paid for is not lost when this fails: it is logged."""
        usage = record.usage
        label = record.model if record.model_is_real else _UNCONFIRMED
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            TOKENS.labels(record.provider, label, kind).inc(tokens)
        data = {
            "operation": record.operation,
            "provider": record.provider,
            "model": record.model,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "estimated": usage.estimated,
        }
        try:
            async with self._database.session() as session:
                session.add(TokenUsage(user_id=record.user_id, **data))
                await session.commit()
        except (SQLAlchemyError, OSError):
            logger.exception("usage not recorded", extra={"user_id": record.user_id, "usage": data})
        await self._events.notify("ai.usage", data, record.user_id)

    async def spent_since(self, user_id: UUID, start: datetime) -> int:
        total = func.sum(TokenUsage.input_tokens + TokenUsage.output_tokens)
        statement = select(func.coalesce(total, 0)).where(
            TokenUsage.user_id == user_id, TokenUsage.created_at >= start
        )
        async with self._database.session() as session:
            return int(await session.scalar(statement) or 0)
