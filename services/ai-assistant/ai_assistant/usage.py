"""Records the tokens spent: in the database, as an event, and as metrics."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ai_assistant.models import TokenUsage
from assistants_common.database import Database
from assistants_common.outbox import record_event
from assistants_common.problems import UNAVAILABLE

logger = logging.getLogger(__name__)

SOURCE = "ai-assistant"
TOKENS = Counter("ai_tokens_total", "Tokens spent at the providers.", ["provider", "model", "kind"])
FLAGGED = Counter("ai_prompts_flagged_total", "Prompts with signs of injection.", ["marker"])

_UNCONFIRMED = "unconfirmed"
_NOT_STORED: tuple[type[Exception], ...] = (SQLAlchemyError, *UNAVAILABLE)

Operation = Literal["chat", "generate"]


@dataclass(frozen=True)
class Usage:
    """The cost of a call in tokens; estimated when the provider gave no count, as after an aborted call."""

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
    fallback_for: str | None = None
    """The model that failed before."""
    model_is_real: bool = True
    """Whether the provider answered for the model: else a caller could make new metric series by its name."""

    def values(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "provider": self.provider,
            "model": self.model,
            **asdict(self.usage),
            "fallback_for": self.fallback_for,
        }


class UsageLedger:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ready(self) -> None:
        """Raise an error that becomes 503 when usage cannot be recorded, so that the service makes no such
        call.
        """
        await self._database.ping()

    async def record(
        self, records: Sequence[UsageRecord], user_id: UUID, kind: Operation, markers: Sequence[str] = ()
    ) -> None:
        """Record the usage of a request and its flags, each with its event, in one transaction.

        Logs a failure instead of raising it, so that the caller still gets the answer.
        """
        _measure(records, markers)
        try:
            async with self._database.session() as session:
                for record in records:
                    values = record.values()
                    session.add(TokenUsage(user_id=user_id, **values))
                    await record_event(session, SOURCE, "ai.usage", values, user_id)
                if markers:
                    data = {"markers": list(markers), "kind": kind}
                    await record_event(session, SOURCE, "ai.prompt_flagged", data, user_id)
                await session.commit()
        except _NOT_STORED:
            usage = [record.values() for record in records]
            extra = {"user_id": user_id, "usage": usage, "markers": list(markers)}
            logger.exception("usage not recorded", extra=extra)

    async def spent_since(self, user_id: UUID, start: datetime) -> int:
        total = func.sum(TokenUsage.input_tokens + TokenUsage.output_tokens)
        statement = select(func.coalesce(total, 0)).where(
            TokenUsage.user_id == user_id, TokenUsage.created_at >= start
        )
        async with self._database.session() as session:
            return int(await session.scalar(statement) or 0)


def _measure(records: Sequence[UsageRecord], markers: Sequence[str]) -> None:
    for record in records:
        label = record.model if record.model_is_real else _UNCONFIRMED
        counts = {"input": record.usage.input_tokens, "output": record.usage.output_tokens}
        for kind, tokens in counts.items():
            TOKENS.labels(record.provider, label, kind).inc(tokens)
    for marker in markers:
        FLAGGED.labels(marker).inc()
