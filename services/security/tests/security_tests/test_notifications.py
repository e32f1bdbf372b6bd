"""Mail and webhook: what is sent, to whom, and that it arrives however long the way is closed."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import select, text

from assistants_common.events import Event
from assistants_common.mail import Mailer
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, running
from assistants_testing.processes import free_port
from assistants_testing.smtp import SmtpServer
from assistants_testing.waiting import patience
from security.alerts import notifier as notifier_module
from security.alerts.notifications import LEASE, NotificationQueue, pause_after
from security.alerts.notifier import Notifier
from security.alerts.webhook import Webhook
from security.app import build_app, build_chain, build_queue
from security.detection.detector import Detector
from security.detection.threats import ALERTS_AN_HOUR
from security.models import Alert, Channel, Notification, Threat
from security.settings import Settings
from security.severity import Severity

from .receiver import Receiver

SECRET = token_hex(16)
SINCE_THE_START = text("UPDATE notifications SET next_attempt_at = created_at WHERE state = 'pending'")


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """All notifications are counted, so every test starts with none."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with receiver.running():
        yield receiver


@dataclass
class Office:
    """The parts that detect and notify, without their background tasks."""

    detector: Detector
    queue: NotificationQueue
    notifier: Notifier
    resources: Resources

    async def reuse_token(self, user: UUID | None = None) -> None:
        """Something of high severity happens."""
        event = Event(type="user.token_reused", source="test", user_id=user or uuid4())
        await self.detector.handle(event)

    async def send_all(self) -> None:
        """Send what waits, without waiting for its time."""
        await self._execute(SINCE_THE_START)
        await self.notifier.send_due()

    async def grow_old(self) -> None:
        await self._execute(text("UPDATE notifications SET created_at = created_at - interval '25 hours'"))

    async def notifications(self) -> list[Notification]:
        async with self.resources.require_database().session() as session:
            rows = select(Notification).order_by(Notification.channel, Notification.recipient)
            return list(await session.scalars(rows))

    async def _execute(self, statement: Any) -> None:  # noqa: ANN401 - any statement
        async with self.resources.require_database().session() as session:
            await session.execute(statement)
            await session.commit()


@asynccontextmanager
async def office(settings: Settings, resources: Resources, **changes: object) -> AsyncIterator[Office]:
    own = Settings.model_validate({**settings.model_dump(), **changes})
    queue = build_queue(resources, own)
    detector = Detector(resources.require_database(), build_chain(resources, own), queue)
    mailer = Mailer(own)
    url, secret = own.alert_webhook_url, own.alert_webhook_secret
    webhook = Webhook(url, secret, own.alert_webhook_timeout_seconds)
    notifier = Notifier(queue, mailer, webhook, detector.forget)
    try:
        yield Office(detector, queue, notifier, resources)
    finally:
        await webhook.__aexit__(None, None, None)


def to_webhook(receiver: Receiver, **changes: object) -> dict[str, object]:
    return {"alert_webhook_url": receiver.url, "alert_webhook_secret": SECRET, **changes}


def by_mail(
    smtp_server: SmtpServer, to: str = "security@example.com", **changes: object
) -> dict[str, object]:
    return {**smtp_server.as_settings(), "alert_email_to": to, **changes}


async def test_a_webhook_is_signed_and_says_no_more_than_needed(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    user = uuid4()
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.reuse_token(user)
        await parts.notifier.send_due()
        [sent] = await parts.notifications()
    [(path, headers, body)] = receiver.requests
    assert path == "/hook?token=hidden"
    timestamp = headers["x-signature-timestamp"]
    assert abs(int(timestamp) - datetime.now(UTC).timestamp()) < 60
    expected = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    assert headers["x-signature"] == f"sha256={expected}"
    assert headers["content-type"] == "application/json"
    assert headers["x-delivery-id"] == str(sent.id)
    document = json.loads(body)
    assert document.keys() == {"id", "type", "alert"}
    assert document["alert"].keys() == {
        "id",
        "threat_id",
        "kind",
        "severity",
        "state",
        "title",
        "subject",
        "count",
        "first_seen",
        "last_seen",
    }
    assert (document["alert"]["kind"], document["alert"]["subject"]) == ("token_reuse", str(user))
    assert (sent.state, sent.attempts, sent.error) == ("sent", 1, None)
    assert sent.sent_at is not None


async def test_a_mail_to_every_address(
    settings: Settings, resources: Resources, smtp_server: SmtpServer
) -> None:
    user = uuid4()
    to = "a@example.com, b@example.com,a@example.com"
    async with office(settings, resources, **by_mail(smtp_server, to)) as parts:
        await parts.reuse_token(user)
        await parts.notifier.send_due()
        await parts.notifier.send_due()
        assert [row.state for row in await parts.notifications()] == ["sent", "sent"]
    assert sorted(smtp_server.recipients) == [["a@example.com"], ["b@example.com"]]
    message = smtp_server.messages[0]
    assert message["Subject"] == "[high] A refresh token was used twice"
    content = message.get_content()
    assert f"Subject: {user}" in content
    assert "Events: 1" in content


async def test_below_the_minimum_nobody_is_told(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    user = uuid4()
    flagged = [Event(type="ai.prompt_flagged", source="test", user_id=user) for _ in range(3)]
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.detector.handle(flagged[0])
        await parts.detector.handle(flagged[1])
        assert await parts.notifications() == []
        # The third makes it worse, and worth a message.
        await parts.detector.handle(flagged[2])
        assert len(await parts.notifications()) == 1
    changes = to_webhook(receiver, alert_minimum_severity="MEDIUM")
    async with office(settings, resources, **changes) as parts:
        await parts.detector.handle(Event(type="ai.prompt_flagged", source="test", user_id=uuid4()))
        assert len(await parts.notifications()) == 2


async def test_a_threat_that_goes_on_is_told_once_until_it_is_resolved(
    settings: Settings,
    resources: Resources,
    receiver: Receiver,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
) -> None:
    user, headers = uuid4(), auth_headers(role=Role.ADMIN)
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        for _ in range(3):
            await parts.reuse_token(user)
        await parts.notifier.send_due()
        [alert] = (await client.get("/alerts", headers=headers)).json()["items"]
        assert (alert["count"], len(alert["notifications"])) == (3, 1)
        path = f"/alerts/{alert['id']}/state"
        assert (await client.post(path, json={"state": "resolved"}, headers=headers)).status_code == 200
        await parts.reuse_token(user)
        await parts.notifier.send_due()
    shown = (await client.get(f"/alerts/{alert['id']}", headers=headers)).json()
    assert (shown["state"], shown["count"]) == ("open", 4)
    assert [item["state"] for item in shown["notifications"]] == ["sent", "sent"]
    assert len(receiver.requests) == 2


async def test_a_webhook_that_is_down_gets_its_message_when_it_is_up(
    settings: Settings,
    resources: Resources,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver = Receiver(port=free_port())
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.reuse_token()
        await parts.send_all()
        [alert] = (await client.get("/alerts", headers=auth_headers(role=Role.ANALYST))).json()["items"]
        [shown] = alert["notifications"]
        assert (shown["state"], shown["attempts"]) == ("pending", 1)
        assert shown["error"] == "the webhook is not reachable: ConnectError"
        with receiver.running():
            await parts.notifier.send_due()
            assert receiver.requests == []  # not its time yet
            receiver.answer = 503
            await parts.send_all()
            assert (await parts.notifications())[0].error == "the webhook answered 503"
            receiver.answer = 200
            await parts.send_all()
            await parts.send_all()
        [row] = await parts.notifications()
    assert (row.state, row.attempts, row.error) == ("sent", 3, None)
    deliveries = {headers["x-delivery-id"] for _, headers, _ in receiver.requests}
    assert (len(receiver.requests), deliveries) == (2, {str(row.id)})
    assert "hidden" not in caplog.text
    assert SECRET not in caplog.text


async def test_a_mail_server_that_is_down_gets_its_message_when_it_is_up(
    settings: Settings, resources: Resources, smtp_server: SmtpServer
) -> None:
    down = by_mail(smtp_server, smtp_port=free_port())
    async with office(settings, resources, **down) as parts:
        await parts.reuse_token()
        await parts.send_all()
        [row] = await parts.notifications()
        assert (row.state, row.attempts) == ("pending", 1)
        assert row.error is not None
        assert row.error.startswith("the mail server did not take the mail")
    async with office(settings, resources, **by_mail(smtp_server)) as parts:
        smtp_server.reject = "554 no"
        await parts.send_all()
        smtp_server.reject = None
        await parts.send_all()
        [row] = await parts.notifications()
    assert (row.state, row.attempts) == ("sent", 3)
    assert len(smtp_server.messages) == 1


async def test_a_redirect_is_not_followed(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    elsewhere = Receiver()
    with elsewhere.running():
        receiver.answer, receiver.redirect = 307, elsewhere.url
        async with office(settings, resources, **to_webhook(receiver)) as parts:
            await parts.reuse_token()
            await parts.notifier.send_due()
            [row] = await parts.notifications()
    assert (row.state, row.error) == ("pending", "the webhook answered 307")
    assert elsewhere.requests == []


async def test_a_webhook_that_does_not_answer_is_left(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    receiver.patience.clear()
    changes = to_webhook(receiver, alert_webhook_timeout_seconds=0.2)
    async with office(settings, resources, **changes) as parts:
        await parts.reuse_token()
        await parts.notifier.send_due()
        [row] = await parts.notifications()
    assert row.state == "pending"
    assert row.error is not None
    assert "Timeout" in row.error


async def test_what_is_too_old_is_given_up(
    settings: Settings, resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(port=free_port())
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.reuse_token()
        await parts.grow_old()
        await parts.send_all()
        await parts.send_all()
        [row] = await parts.notifications()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "notification given up" in caplog.text


async def test_a_message_of_a_sender_that_died_is_sent_by_another(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.reuse_token()
        taken = await parts.queue.take(list(Channel))
        assert taken is not None
        await parts.notifier.send_due()
        assert receiver.requests == []
        [row] = await parts.notifications()
        assert row.last_attempt_at is not None
        assert row.next_attempt_at - row.last_attempt_at == pytest.approx(LEASE, abs=timedelta(seconds=1))
        await parts.send_all()
        [row] = await parts.notifications()
    assert (row.state, row.attempts, len(receiver.requests)) == ("sent", 2, 1)


async def test_senders_at_once_send_every_message_once(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        for _ in range(6):
            await parts.reuse_token()
        await asyncio.gather(*(parts.notifier.send_due() for _ in range(3)))
    assert len(receiver.requests) == ALERTS_AN_HOUR + 1
    assert len({headers["x-delivery-id"] for _, headers, _ in receiver.requests}) == ALERTS_AN_HOUR + 1


async def test_a_channel_that_was_taken_away_is_said_to_be_off(
    settings: Settings, resources: Resources, receiver: Receiver
) -> None:
    """Not at once: another replica may still have it, or have it already."""
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        await parts.reuse_token()
    async with office(settings, resources) as parts:
        await parts.send_all()
        await parts.queue.expire()
        assert [row.state for row in await parts.notifications()] == ["pending"]
        await parts.grow_old()
        await parts.send_all()
        await parts.queue.expire()
        [row] = await parts.notifications()
    assert (row.state, row.attempts, row.error) == ("failed", 0, "the channel is not configured")
    assert receiver.requests == []


async def test_addresses_without_a_mail_server_are_told_to_the_operator(
    settings: Settings, resources: Resources, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(settings, resources, alert_email_to="a@example.com") as parts:
        await parts.reuse_token()
        assert await parts.notifications() == []
    assert "SMTP_HOST is not" in caplog.text


def test_pauses_grow_up_to_an_hour() -> None:
    assert [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 9, 1000)] == [
        15,
        30,
        60,
        3600,
        3600,
    ]


async def test_the_running_service_tells_by_mail_and_webhook(
    settings: Settings, resources: Resources, receiver: Receiver, smtp_server: SmtpServer
) -> None:
    changes = {**to_webhook(receiver), **by_mail(smtp_server)}
    own = Settings.model_validate({**settings.model_dump(), **changes})
    async with running(build_app(own)) as app:
        # The application of the other tests reads the same stream, and has no receiver.
        queue = build_queue(app.state.resources, own)
        threat = Threat(
            kind="token_reuse",
            severity="high",
            subject="someone",
            evidence={},
            first_seen=datetime.now(UTC),
            last_seen=datetime.now(UTC),
            count=1,
        )
        async with app.state.resources.require_database().session() as session:
            alert = Alert(threat=threat, severity=Severity.HIGH.value, title="Something")
            session.add(alert)
            await session.flush()
            queue.add(session, alert)
            await session.commit()
        async with patience():
            while not (receiver.requests and smtp_server.messages):
                await asyncio.sleep(0.05)


async def test_the_notifier_survives_what_it_does_not_know(
    settings: Settings, resources: Resources, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier_module, "_POLL_SECONDS", 0.01)
    async with office(settings, resources, **to_webhook(receiver)) as parts:
        take, failures = parts.queue.take, [RuntimeError("once"), OSError("twice")]

        async def fail_first(channels: Collection[Channel]) -> Notification | None:
            if failures:
                raise failures.pop()
            return await take(channels)

        monkeypatch.setattr(parts.queue, "take", fail_first)
        await parts.reuse_token()
        async with parts.notifier.running(), patience():
            while not receiver.requests:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"alert_webhook_url": "http://hook.example"}, "ALERT_WEBHOOK_SECRET"),
        (
            {"alert_webhook_url": "http://hook.example", "alert_webhook_secret": "short"},
            "ALERT_WEBHOOK_SECRET",
        ),
        ({"alert_webhook_url": "ftp://hook.example", "alert_webhook_secret": SECRET}, "http or https"),
        ({"alert_webhook_url": "nowhere", "alert_webhook_secret": SECRET}, "http or https"),
        ({"alert_email_to": "somebody"}, "e-mail addresses"),
        ({"alert_email_to": "a@example.com b@example.com"}, "e-mail addresses"),
        ({"alert_email_to": "A <a@example.com>"}, "e-mail addresses"),
        ({"alert_minimum_severity": "loud"}, "'low', 'medium', 'high' or 'critical'"),
        ({"audit_key": "short"}, "at least 32 bytes"),
        ({"audit_key": f"{'x' * 32}\nshort"}, "at least 32 bytes"),
    ],
)
def test_wrong_settings_are_named(settings: Settings, changes: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings.model_validate({**settings.model_dump(), **changes})


def test_settings_that_are_left_out_or_empty(settings: Settings) -> None:
    empty = {"alert_webhook_url": "", "alert_email_to": " , ", "audit_key": " "}
    own = Settings.model_validate({**settings.model_dump(), **empty})
    assert (own.alert_webhook_url, own.alert_email_to, own.audit_key) == (None, (), None)
    assert own.alert_minimum_severity is Severity.HIGH


def test_without_any_secret_a_key_is_asked_for(settings: Settings) -> None:
    asymmetric = {"jwt_algorithm": "RS256", "jwt_secret_key": None, "jwt_jwks_url": "http://users/keys"}
    values = {**settings.model_dump(), **asymmetric}
    with pytest.raises(ValidationError, match="AUDIT_KEY"):
        Settings.model_validate(values)
    assert Settings.model_validate({**values, "audit_key": token_hex(32)}).audit_keys
