"""Sends the notifications in the background, so that the detection never waits for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from time import monotonic

from prometheus_client import Counter

from assistants_common.background import in_background
from assistants_common.mail import Mailer, MailError
from security.alerts.messages import mail_text, subject_line, webhook_body
from security.alerts.notifications import NotificationQueue
from security.alerts.webhook import Webhook, WebhookError
from security.models import Channel, Notification

logger = logging.getLogger(__name__)

NOTIFICATIONS = Counter("security_notifications_total", "Attempts to send one.", ["channel", "outcome"])
for _channel in Channel:
    for _outcome in ("sent", "retried", "given_up"):
        NOTIFICATIONS.labels(_channel.value, _outcome)

_POLL_SECONDS = 5.0
_HOUSEKEEPING_SECONDS = 3600.0


type Sender = Callable[[Notification], Awaitable[None]]


async def _mail(mailer: Mailer, notification: Notification) -> None:
    subject = subject_line(notification.alert)
    await mailer.send(notification.recipient, subject, mail_text(notification))


async def _post(webhook: Webhook, notification: Notification) -> None:
    await webhook.send(str(notification.id), webhook_body(notification))


class Notifier:
    """Sends the queued messages; every `_HOUSEKEEPING_SECONDS` also removes old signals."""

    def __init__(
        self,
        queue: NotificationQueue,
        mailer: Mailer,
        webhook: Webhook,
        housekeeping: Callable[[], Awaitable[None]],
    ) -> None:
        self._queue = queue
        self._mailer = mailer
        self._webhook = webhook
        self._housekeeping = housekeeping
        self._housekept_at = float("-inf")

    def running(self) -> AbstractAsyncContextManager[None]:
        """Send in the background while the context lasts. Repeats an interrupted attempt."""
        return in_background(self._run(), "notifier")

    async def _run(self) -> None:
        while True:
            self._queue.wake.clear()
            try:
                await self.send_due()
                await self._keep_house()
            except (
                Exception
            ):  # no error may end the loop of rounds: whatever the error is, the next round may succeed
                logger.exception("notifications are delayed")
                await asyncio.sleep(_POLL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._queue.wake.wait()

    async def send_due(self) -> None:
        """Send the due messages one after another."""
        while notification := await self._queue.take(self._senders().keys()):
            try:
                await self._senders()[Channel(notification.channel)](notification)
            except (MailError, WebhookError) as error:
                await self._failed(notification, error)
            else:
                await self._queue.sent(notification)
                NOTIFICATIONS.labels(notification.channel, "sent").inc()

    def _senders(self) -> dict[Channel, Sender]:
        """The senders of the channels configured now: the webhook's address may come later."""
        senders: dict[Channel, Sender] = {}
        if self._mailer.configured:
            senders[Channel.EMAIL] = partial(_mail, self._mailer)
        if self._webhook.configured:
            senders[Channel.WEBHOOK] = partial(_post, self._webhook)
        return senders

    async def _failed(self, notification: Notification, error: Exception) -> None:
        given_up = await self._queue.failed(notification, str(error))
        NOTIFICATIONS.labels(notification.channel, "given_up" if given_up else "retried").inc()
        extra = {
            "notification_id": str(notification.id),
            "channel": notification.channel,
            "attempts": notification.attempts,
            "reason": str(error),
        }
        logger.log(
            logging.ERROR if given_up else logging.WARNING,
            "notification given up" if given_up else "notification not sent, it will be tried again",
            extra=extra,
        )

    async def _keep_house(self) -> None:
        if monotonic() - self._housekept_at >= _HOUSEKEEPING_SECONDS:
            await self._housekeeping()
            await self._queue.expire()
            self._housekept_at = monotonic()
