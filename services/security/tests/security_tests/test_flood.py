"""An attacker with invented subjects, accounts or addresses cannot cause an alert for each."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update

from assistants_common.events import Event
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from security.alerts.notifications import NotificationQueue, Target
from security.app import build_chain
from security.detection.detector import Detector
from security.detection.threats import ALERTS_AN_HOUR, SEVERAL
from security.models import Alert, Channel, Notification
from security.settings import Settings
from security.severity import Severity


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """All alerts are counted, so every test starts with none."""


def failed_logins(account: str, address: str, count: int = 5) -> list[Event]:
    data = {"account": account, "reason": "bad_credentials", "address": address}
    return [Event(type="user.login_failed", source="test", data=data) for _ in range(count)]


def invented(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def guesses(accounts: int) -> list[Event]:
    """Wrong passwords for made-up accounts, each from an address of its own."""
    return [
        event for number in range(accounts) for event in failed_logins(invented(number), f"192.0.2.{number}")
    ]


def limited(senders: int) -> list[Event]:
    """Many addresses above the limit of requests in three minutes each."""
    now = datetime.now(UTC)
    return [
        Event(
            type="gateway.rate_limited",
            source="test",
            time=now - timedelta(minutes=minute),
            data={"address": f"198.51.100.{number}"},
        )
        for number in range(senders)
        for minute in (2, 1, 0)
    ]


def reused(users: int) -> list[Event]:
    """Anybody may register, and use a token of his own twice."""
    return [Event(type="user.token_reused", source="test", user_id=uuid4(), data={}) for _ in range(users)]


async def handle(detector: Detector, events: Sequence[Event]) -> None:
    for event in events:
        await detector.handle(event)


async def listed(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, **query: str
) -> list[dict[str, object]]:
    headers = auth_headers(uuid4(), Role.ADMIN)
    answer = await client.get("/alerts", params={"limit": "200", **query}, headers=headers)
    items: list[dict[str, object]] = answer.json()["items"]
    return items


@pytest.mark.parametrize(
    ("events", "kind"),
    [(guesses(30), "brute_force"), (limited(30), "scraping"), (reused(30), "token_reuse")],
    ids=["brute_force", "scraping", "token_reuse"],
)
async def test_a_few_alerts_and_one_for_all_the_others(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders, events: list[Event], kind: str
) -> None:
    await handle(detector, events)
    alerts = await listed(client, auth_headers, kind=kind)
    assert Counter(alert["subject"] == SEVERAL for alert in alerts) == {False: ALERTS_AN_HOUR, True: 1}


async def test_the_one_for_all_others_says_whom_it_is_about(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    await handle(detector, guesses(8))
    headers = auth_headers(uuid4(), Role.ADMIN)
    (threat,) = (
        one
        for one in (await client.get("/threats", headers=headers)).json()["items"]
        if one["subject"] == SEVERAL
    )
    assert threat["evidence"]["subjects"] == [invented(number) for number in range(ALERTS_AN_HOUR, 8)]
    assert threat["count"] == 5 * (8 - ALERTS_AN_HOUR)
    await handle(detector, failed_logins(invented(7), "192.0.2.7", 2))
    again = (await client.get(f"/threats/{threat['id']}", headers=headers)).json()
    assert (again["count"], again["evidence"]["subjects"]) == (
        threat["count"] + 2,
        threat["evidence"]["subjects"],
    )


async def test_a_threat_that_has_an_alert_goes_on_by_itself(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    await handle(detector, guesses(8))
    await handle(detector, failed_logins(invented(0), "192.0.2.0", 4))
    (first,) = (
        one for one in await listed(client, auth_headers, kind="brute_force") if one["subject"] == invented(0)
    )
    assert first["count"] == 9


async def test_what_can_only_happen_to_who_is_in_is_told_each_time(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    users: list[UUID] = [uuid4() for _ in range(6)]
    events = [
        Event(
            type="user.role_changed",
            source="test",
            user_id=user,
            data={"from": "user", "to": "admin", "by": str(user)},
        )
        for user in users
    ]
    await handle(detector, events)
    alerts = await listed(client, auth_headers, kind="self_promotion", severity="critical")
    assert {alert["subject"] for alert in alerts} == {str(user) for user in users}


async def test_after_an_hour_a_few_are_told_by_name_again(
    detector: Detector, client: httpx.AsyncClient, auth_headers: AuthHeaders, resources: Resources
) -> None:
    await handle(detector, guesses(5))
    async with resources.require_database().session() as session:
        await session.execute(update(Alert).values(created_at=datetime.now(UTC) - timedelta(minutes=61)))
        await session.commit()
    later = invented(1000)
    await handle(detector, failed_logins(later, "203.0.113.1"))
    assert later in {alert["subject"] for alert in await listed(client, auth_headers)}


async def test_messages_and_events_are_as_few_as_the_alerts(
    resources: Resources,
    settings: Settings,
    published_events: PublishedEvents,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
) -> None:
    database = resources.require_database()
    targets = [Target(Channel.WEBHOOK), Target(Channel.EMAIL, "a@example.com")]
    queue = NotificationQueue(database, targets, Severity.HIGH, timedelta(hours=1))
    before = len([one for one in await published_events() if one["type"] == "security.alert"])
    await handle(Detector(database, build_chain(resources, settings), queue), guesses(30))
    alerts = await listed(client, auth_headers)
    announced = [one for one in await published_events() if one["type"] == "security.alert"]
    assert len(announced) - before == len(alerts) == ALERTS_AN_HOUR + 1
    async with database.session() as session:
        messages = (await session.scalars(select(Notification))).all()
    assert len(messages) == len(alerts) * len(targets)
