"""Messages about alerts: queued in the transaction of the alert, sent later, retried until accepted or too
old.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from assistants_common.database import Database
from security.models import Alert, Channel, Notification, NotificationState
from security.severity import Severity

# When a sender dies, another takes its message after this time, which is longer than any attempt.
LEASE = timedelta(minutes=2)
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_ERROR = 200


@dataclass(frozen=True)
class Target:
    """A target of messages. `recipient` is empty for the webhook, whose address is a secret."""

    channel: Channel
    recipient: str = ""


def pause_after(attempts: int) -> timedelta:
    """15 s, then twice as long each time, an hour at most."""
    return min(_FIRST_PAUSE * int(2 ** min(attempts - 1, 20)), _LONGEST_PAUSE)


class NotificationQueue:
    """The table of notifications. `wake` tells this process's sender about new messages."""

    def __init__(
        self, database: Database, targets: Sequence[Target], minimum: Severity, max_age: timedelta
    ) -> None:
        self._database = database
        self._targets = tuple(targets)
        self._minimum = minimum
        self._max_age = max_age
        self.wake = asyncio.Event()

    def use(self, targets: Sequence[Target]) -> None:
        """Queue messages for these targets from now on."""
        self._targets = tuple(targets)

    def add(self, session: AsyncSession, alert: Alert) -> None:
        """Queue a message to every target, in the transaction of the alert."""
        if Severity(alert.severity).rank < self._minimum.rank:
            return
        session.add_all(
            Notification(alert_id=alert.id, channel=target.channel.value, recipient=target.recipient)
            for target in self._targets
        )

    async def take(self, channels: Collection[Channel]) -> Notification | None:
        """A due message with its alert.

        Counts as an attempt, so that no other replica takes the message for a time. Skips messages for other
        channels, which a replica with those channels sends.
        """
        due = (
            select(Notification.id)
            .where(
                Notification.state == NotificationState.PENDING.value,
                Notification.next_attempt_at <= func.clock_timestamp(),
                Notification.channel.in_([channel.value for channel in channels]),
            )
            .order_by(Notification.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        async with self._database.session() as session:
            found = await session.scalar(due)
            if found is None:
                return None
            values = {
                "attempts": Notification.attempts + 1,
                "last_attempt_at": func.clock_timestamp(),
                "next_attempt_at": func.clock_timestamp() + LEASE,
            }
            await session.execute(update(Notification).where(Notification.id == found).values(values))
            await session.commit()
            with_alert = joinedload(Notification.alert).joinedload(Alert.threat)
            return await session.get(Notification, found, options=[with_alert])

    async def sent(self, notification: Notification) -> None:
        values = {"state": NotificationState.SENT.value, "sent_at": func.clock_timestamp(), "error": None}
        await self._update(notification.id, values)

    async def failed(self, notification: Notification, error: str) -> bool:
        """Queue the message again, or give it up when it is too old; returns whether it was given up."""
        next_attempt = func.clock_timestamp() + pause_after(notification.attempts)
        too_old = next_attempt > Notification.created_at + self._max_age
        values = {
            "next_attempt_at": next_attempt,
            "error": error[:_LONGEST_ERROR],
            "state": case((too_old, NotificationState.FAILED.value), else_=NotificationState.PENDING.value),
        }
        return await self._update(notification.id, values) == NotificationState.FAILED

    async def expire(self) -> None:
        """Give up messages without an attempt for too long, because their channel was removed."""
        waiting = Notification.state == NotificationState.PENDING.value
        now = func.clock_timestamp()
        too_old = (Notification.created_at < now - self._max_age, Notification.next_attempt_at < now - LEASE)
        values = {"state": NotificationState.FAILED.value, "error": "the channel is not configured"}
        async with self._database.session() as session:
            await session.execute(update(Notification).where(waiting, *too_old).values(values))
            await session.commit()

    async def _update(self, notification_id: UUID, values: Mapping[str, object]) -> str | None:
        """Update a notification; returns its new state."""
        changed = update(Notification).where(Notification.id == notification_id).values(values)
        async with self._database.session() as session:
            state: str | None = await session.scalar(changed.returning(Notification.state))
            await session.commit()
        return state
