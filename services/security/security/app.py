"""The application."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from assistants_common.app import create_app
from assistants_common.background import in_background
from assistants_common.event_consumer import EventConsumer
from assistants_common.mail import Mailer
from assistants_common.resources import Resources
from security import NAME
from security.alerts import api as alerts_api
from security.alerts.notifications import NotificationQueue, Target
from security.alerts.notifier import Notifier
from security.alerts.webhook import Webhook
from security.audit_log import api as audit_api
from security.audit_log.anchor import Anchor
from security.audit_log.chain import AuditChain
from security.audit_log.logger import audit_logger, configure_audit_logger
from security.detection.detector import Detector
from security.models import Channel
from security.settings import Settings


def build_chain(resources: Resources, settings: Settings) -> AuditChain:
    keys = settings.audit_keys
    resources.live.on_change(Settings, lambda now: keys.use(now.audit_keys))
    return AuditChain(keys, Anchor(resources.redis, keys))


def build_queue(resources: Resources, settings: Settings) -> NotificationQueue:
    return NotificationQueue(
        resources.require_database(),
        _targets(settings),
        settings.alert_minimum_severity,
        timedelta(hours=settings.alert_notification_max_age_hours),
    )


def _targets(settings: Settings) -> list[Target]:
    targets = [Target(Channel.EMAIL, address) for address in settings.alert_email_to]
    if targets and not Mailer(settings).configured:
        audit_logger.warning("ALERT_EMAIL_TO is set and SMTP_HOST is not: no mail will be sent")
        targets = []
    if settings.alert_webhook_url is not None:
        targets.append(Target(Channel.WEBHOOK))
    return targets


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    settings: Settings = app.state.settings
    queue = build_queue(resources, settings)
    detector = Detector(resources.require_database(), app.state.chain, queue)
    async with AsyncExitStack() as stack:
        mailer = Mailer(settings)
        webhook = await stack.enter_async_context(
            Webhook(
                settings.alert_webhook_url,
                settings.alert_webhook_secret,
                settings.alert_webhook_timeout_seconds,
            )
        )

        def use(now: Settings) -> None:
            mailer.use(now)
            webhook.use(now.alert_webhook_url, now.alert_webhook_secret)
            queue.use(_targets(now))

        resources.live.on_change(Settings, use)
        notifier = Notifier(queue, mailer, webhook, detector.forget)
        await stack.enter_async_context(notifier.running())
        await stack.enter_async_context(in_background(app.state.chain.anchor.keep(), "audit-anchor"))
        consumer = EventConsumer(resources.redis, NAME, detector.handle)
        await stack.enter_async_context(consumer.running())
        yield


def build_app(settings: Settings) -> FastAPI:
    configure_audit_logger(settings.security_log_level)
    app = create_app(
        NAME,
        settings,
        title="Security",
        description="Audit log, threats and alerts of the AI assistants for 1C:Enterprise.",
        routers=[audit_api.router, alerts_api.router],
        lifespan=_lifespan,
        outbox=True,
    )
    app.state.chain = build_chain(app.state.resources, settings)
    return app
