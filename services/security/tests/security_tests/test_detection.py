import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from assistants_common.events import Event
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.waiting import patience
from security.detection.detector import Detector
from security.detection.threats import MAX_EVIDENCE
from security.models import Alert, AlertChange, Signal, Threat


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """All threats and alerts are counted, so every test starts with none."""


def account() -> str:
    return sha256(uuid4().bytes).hexdigest()


def ago(**units: float) -> datetime:
    return datetime.now(UTC) - timedelta(**units)


def failures(subject: str, first: datetime, gaps: Sequence[float]) -> list[Event]:
    """Failed logins to an account, `gaps` minutes after the first."""
    data = {"account": subject, "reason": "bad_credentials"}
    times = [first + timedelta(minutes=gap) for gap in gaps]
    return [Event(type="user.login_failed", source="test", time=time, data=data) for time in times]


def role_change(by: UUID, user: UUID, time: datetime) -> Event:
    data = {"from": "user", "to": "admin", "by": str(by)}
    return Event(type="user.role_changed", source="test", time=time, data=data, user_id=user)


async def handle(detector: Detector, events: Sequence[Event]) -> None:
    for event in events:
        await detector.handle(event)


async def threats(resources: Resources) -> Sequence[Threat]:
    async with resources.require_database().session() as session:
        return (await session.scalars(select(Threat).order_by(Threat.last_seen, Threat.kind))).all()


async def alerts(resources: Resources) -> Sequence[Alert]:
    async with resources.require_database().session() as session:
        return (await session.scalars(select(Alert).order_by(Alert.created_at))).all()


async def announced(published_events: PublishedEvents, subject: str) -> list[dict[str, Any]]:
    events = [event for event in await published_events() if event["type"] == "security.alert"]
    return [event["data"] for event in events if event["data"]["subject"] == subject]


def opened(kind: str, severity: str) -> float:
    return REGISTRY.get_sample_value("security_alerts_total", {"kind": kind, "severity": severity}) or 0


async def test_five_failures_within_ten_minutes(
    detector: Detector, resources: Resources, published_events: PublishedEvents
) -> None:
    subject, before = account(), opened("brute_force", "high")
    events = failures(subject, ago(minutes=15), [0, 1, 2, 9, 10])
    await handle(detector, events[:4])
    assert list(await threats(resources)) == []
    await handle(detector, events[4:])
    [threat], [alert] = await threats(resources), await alerts(resources)
    assert (threat.kind, threat.severity, threat.subject) == ("brute_force", "high", subject)
    assert (threat.count, threat.first_seen, threat.last_seen) == (5, events[0].time, events[4].time)
    assert [event["id"] for event in threat.evidence["events"]] == [str(event.id) for event in events]
    assert (alert.threat_id, alert.state, alert.severity) == (threat.id, "open", "high")
    assert await announced(published_events, subject) == [
        {
            "alert_id": str(alert.id),
            "threat_id": str(threat.id),
            "kind": "brute_force",
            "severity": "high",
            "subject": subject,
            "title": alert.title,
        }
    ]
    assert opened("brute_force", "high") == before + 1


async def test_slow_or_scattered_failures_are_no_threat(detector: Detector, resources: Resources) -> None:
    await handle(detector, failures(account(), ago(minutes=60), [0, 3, 6, 9, 12, 15, 18]))
    for _ in range(6):
        await handle(detector, failures(account(), ago(minutes=5), [0]))
    assert list(await threats(resources)) == []


async def test_a_threat_that_goes_on_is_updated(detector: Detector, resources: Resources) -> None:
    events = failures(account(), ago(minutes=30), [gap / 2 for gap in range(30)])
    await handle(detector, events)
    [threat], [_] = await threats(resources), await alerts(resources)
    assert (threat.count, threat.first_seen, threat.last_seen) == (30, events[0].time, events[-1].time)
    assert len(threat.evidence["events"]) == MAX_EVIDENCE
    assert threat.evidence["events"][-1]["id"] == str(events[-1].id)


async def test_a_threat_after_a_pause_is_another(detector: Detector, resources: Resources) -> None:
    subject = account()
    await handle(detector, failures(subject, ago(minutes=60), [0] * 5))
    await handle(detector, failures(subject, ago(minutes=20), [0] * 5))
    assert [threat.count for threat in await threats(resources)] == [5, 5]
    assert len(await alerts(resources)) == 2


async def test_an_event_that_comes_twice_counts_once(
    detector: Detector, resources: Resources, published_events: PublishedEvents
) -> None:
    subject = account()
    events = failures(subject, ago(minutes=5), [0, 1, 2, 3])
    await handle(detector, events * 3)
    assert list(await threats(resources)) == []
    events += failures(subject, ago(minutes=5), [4])
    await handle(detector, events * 2)
    assert [threat.count for threat in await threats(resources)] == [5]
    assert len(await announced(published_events, subject)) == 1


async def test_events_out_of_order_and_at_once(detector: Detector, resources: Resources) -> None:
    events = failures(account(), ago(minutes=20), [9, 0, 7, 2, 5])
    await asyncio.gather(*(detector.handle(event) for event in events))
    [threat], [_] = await threats(resources), await alerts(resources)
    assert (threat.count, threat.first_seen, threat.last_seen) == (5, events[1].time, events[0].time)


async def test_a_naive_and_a_future_time_are_put_right(detector: Detector, resources: Resources) -> None:
    subject = account()
    events = failures(subject, ago(minutes=-60), [0] * 4)
    events += failures(subject, ago(seconds=5).replace(tzinfo=None), [0])
    await handle(detector, events)
    [threat] = await threats(resources)
    assert threat.last_seen <= datetime.now(UTC)


async def test_old_events_are_ignored_and_old_signals_removed(
    detector: Detector, resources: Resources
) -> None:
    await handle(detector, failures(account(), ago(days=8), [0] * 5))
    assert list(await threats(resources)) == []
    async with resources.require_database().session() as session:
        session.add(Signal(event_id=uuid4(), kind="brute_force", subject="old", time=ago(days=8)))
        await session.commit()
        await handle(detector, failures(account(), ago(minutes=1), [0]))
        await detector.forget()
        assert await session.scalar(select(func.count()).select_from(Signal)) == 1


async def test_a_user_who_promotes_himself(
    detector: Detector, resources: Resources, published_events: PublishedEvents
) -> None:
    user, before = uuid4(), opened("self_promotion", "critical")
    await detector.handle(role_change(user, user, ago(minutes=1)))
    [threat] = await threats(resources)
    assert (threat.kind, threat.severity, threat.count) == ("self_promotion", "critical", 1)
    assert threat.subject == str(user)
    assert [data["kind"] for data in await announced(published_events, str(user))] == ["self_promotion"]
    assert opened("self_promotion", "critical") == before + 1


async def test_more_than_three_role_changes_in_a_minute(detector: Detector, resources: Resources) -> None:
    actor, start = uuid4(), ago(minutes=5)
    events = [role_change(actor, uuid4(), start + timedelta(seconds=second)) for second in (0, 20, 40, 60)]
    await handle(detector, events[:3])
    assert list(await threats(resources)) == []
    await handle(detector, events[3:])
    [threat] = await threats(resources)
    assert (threat.kind, threat.severity, threat.count) == ("role_change_burst", "high", 4)
    await handle(detector, [role_change(uuid4(), uuid4(), start) for _ in range(5)])
    assert len(await threats(resources)) == 1


async def test_a_resolved_alert_of_a_threat_that_goes_on_is_open_again(
    detector: Detector,
    resources: Resources,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    published_events: PublishedEvents,
) -> None:
    subject = account()
    await handle(detector, failures(subject, ago(minutes=5), [0] * 5))
    [alert] = await alerts(resources)
    headers = auth_headers(role=Role.ADMIN)
    answer = await client.post(f"/alerts/{alert.id}/state", json={"state": "resolved"}, headers=headers)
    assert answer.status_code == 200
    await handle(detector, failures(subject, ago(minutes=4), [0, 1]))
    assert [threat.count for threat in await threats(resources)] == [7]
    assert [alert.state for alert in await alerts(resources)] == ["open"]
    assert len(await announced(published_events, subject)) == 2
    async with resources.require_database().session() as session:
        changes = (await session.scalars(select(AlertChange).order_by(AlertChange.time))).all()
    assert [(change.to_state, change.changed_by is None) for change in changes] == [
        ("resolved", False),
        ("open", True),
    ]


async def test_the_running_service_reads_the_stream(
    resources: Resources, client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    subject = account()
    for _ in range(5):
        await resources.events.publish("user.login_failed", {"account": subject})
    async with patience():
        while not await alerts(resources):
            await asyncio.sleep(0.05)
    answer = await client.get("/threats", headers=auth_headers(role=Role.ANALYST))
    assert [item["subject"] for item in answer.json()["items"]] == [subject]
    metrics = (await client.get("/metrics")).text
    assert 'security_alerts_total{kind="brute_force",severity="high"}' in metrics
