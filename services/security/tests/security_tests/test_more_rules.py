"""The rules, each at its threshold and just below, over the real tables."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from assistants_common.events import Event
from assistants_common.resources import Resources
from security.detection.detector import Detector
from security.models import AccountLock, Alert, Notification, RoleSighting, Threat

Found = list[tuple[str, str, str, int]]
START = timedelta(minutes=30)


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """All threats are compared, so every test starts with none."""


def event(type_: str, minute: float, user: UUID | None = None, **data: object) -> Event:
    time = datetime.now(UTC).replace(second=0, microsecond=0) - START + timedelta(minutes=minute)
    return Event(type=type_, source="test", time=time, user_id=user, data=data)


def fingerprint(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


async def found_after(detector: Detector, resources: Resources, events: Sequence[Event]) -> Found:
    for item in events:
        await detector.handle(item)
    async with resources.require_database().session() as session:
        rows = await session.scalars(select(Threat).order_by(Threat.kind, Threat.subject))
        return [(row.kind, row.severity, row.subject, row.count) for row in rows]


async def test_spraying_of_ten_accounts_from_one_address(detector: Detector, resources: Resources) -> None:
    def failure(number: int, address: str = "192.0.2.7") -> Event:
        return event("user.login_failed", number / 2, account=fingerprint(number), address=address)

    harmless = [failure(number) for number in range(9)] + [failure(0), failure(9, "192.0.2.8")]
    assert await found_after(detector, resources, harmless) == []
    found = await found_after(detector, resources, [failure(10)])
    assert found == [("password_spraying", "high", "192.0.2.7", 11)]


async def test_spraying_from_one_ipv6_network(detector: Detector, resources: Resources) -> None:
    events = [
        event("user.login_failed", 0, account=fingerprint(number), address=f"2001:db8::{number:x}")
        for number in range(10)
    ]
    assert await found_after(detector, resources, events) == [
        ("password_spraying", "high", "2001:db8::/64", 10)
    ]


async def test_logins_from_four_addresses(detector: Detector, resources: Resources) -> None:
    user = uuid4()

    def login(minute: float, address: str) -> Event:
        return event("user.login", minute, user, role="user", address=address)

    harmless = [login(0, "192.0.2.1"), login(1, "192.0.2.2"), login(2, "192.0.2.3"), login(3, "192.0.2.2")]
    harmless.append(login(10.5, "192.0.2.4"))
    assert await found_after(detector, resources, harmless) == []
    found = await found_after(detector, resources, [login(9, "192.0.2.5")])
    assert [(kind, severity, subject) for kind, severity, subject, _ in found] == [
        ("many_addresses", "high", str(user))
    ]


async def test_a_token_used_twice(detector: Detector, resources: Resources) -> None:
    user = uuid4()
    reused = event("user.token_reused", 0, user, session=str(uuid4()), address="192.0.2.7")
    assert await found_after(detector, resources, [reused, reused]) == [("token_reuse", "high", str(user), 1)]


@pytest.mark.parametrize("known", [True, False])
async def test_the_limit_met_in_three_minutes(
    detector: Detector, resources: Resources, *, known: bool
) -> None:
    user = uuid4() if known else None

    def limited(minute: float) -> Event:
        return event("gateway.rate_limited", minute, user, address="192.0.2.7", route="/api/ai")

    # Two replicas of the gateway report the same minute; a third minute comes too late.
    harmless = [limited(0), limited(0.5), limited(4), limited(11)]
    assert await found_after(detector, resources, harmless) == []
    subject = str(user) if known else "192.0.2.7"
    found = await found_after(detector, resources, [limited(8)])
    assert [(kind, severity, name) for kind, severity, name, _ in found] == [("scraping", "medium", subject)]


async def test_enumeration_gets_worse(detector: Detector, resources: Resources) -> None:
    def guess(minute: float) -> Event:
        return event("gateway.enumeration", minute, address="192.0.2.7", misses=20)

    assert await found_after(detector, resources, [guess(0), guess(1)]) == [
        ("enumeration", "medium", "192.0.2.7", 2)
    ]
    assert await found_after(detector, resources, [guess(2)]) == [("enumeration", "high", "192.0.2.7", 3)]


async def test_more_than_fifty_reports_read(detector: Detector, resources: Resources) -> None:
    user = uuid4()
    reads = [event("onec.report_read", n / 10, user, report="balance", rows=5) for n in range(51)]
    assert await found_after(detector, resources, reads[:50]) == []
    assert await found_after(detector, resources, reads[50:]) == [("bulk_reading", "high", str(user), 51)]


async def test_prompts_with_markers_get_worse(detector: Detector, resources: Resources) -> None:
    user = uuid4()
    flagged = [event("ai.prompt_flagged", n, user, markers=["role_play"], kind="chat") for n in range(4)]
    assert await found_after(detector, resources, flagged[:1]) == [
        ("prompt_injection", "medium", str(user), 1)
    ]
    assert await found_after(detector, resources, flagged[1:2]) == [
        ("prompt_injection", "medium", str(user), 2)
    ]
    assert await found_after(detector, resources, flagged[2:]) == [("prompt_injection", "high", str(user), 4)]
    async with resources.require_database().session() as session:
        [alert] = (await session.scalars(select(Alert))).all()
        assert (alert.severity, alert.state) == ("high", "open")
        assert await session.scalar(select(func.count()).select_from(Notification)) == 0


async def test_what_goes_on_within_half_an_hour_is_one_threat(
    detector: Detector, resources: Resources
) -> None:
    user = uuid4()
    reused = [event("user.token_reused", minute, user) for minute in (0, 29)]
    assert await found_after(detector, resources, reused) == [("token_reuse", "high", str(user), 2)]
    earlier = event("user.token_reused", -31, user)
    assert [count for *_, count in await found_after(detector, resources, [earlier])] == [2, 1]


def role_change(minute: float, by: UUID, user: UUID, previous: str, role: str) -> Event:
    return event("user.role_changed", minute, user, **{"from": previous, "to": role, "by": str(by)})


async def test_a_promotion_by_somebody_who_is_no_administrator(
    detector: Detector, resources: Resources
) -> None:
    admin, fallen, user = uuid4(), uuid4(), uuid4()
    history = [
        event("user.login", 0, admin, role="admin"),
        event("user.registered", 0, fallen, role="user"),
        role_change(1, admin, fallen, "user", "admin"),
        role_change(2, fallen, uuid4(), "user", "analyst"),
        role_change(3, admin, fallen, "admin", "analyst"),
    ]
    assert await found_after(detector, resources, history) == []
    demotion = role_change(4, fallen, admin, "admin", "user")
    assert await found_after(detector, resources, [demotion]) == []
    promotion = role_change(5, fallen, user, "user", "analyst")
    assert await found_after(detector, resources, [promotion, promotion]) == [
        ("unauthorized_promotion", "critical", str(fallen), 1)
    ]


async def test_a_promotion_by_somebody_unknown_is_no_threat(detector: Detector, resources: Resources) -> None:
    change = role_change(0, uuid4(), uuid4(), "user", "admin")
    assert await found_after(detector, resources, [change]) == []


async def test_a_promotion_by_the_operator_is_no_threat(detector: Detector, resources: Resources) -> None:
    change = event("user.role_changed", 0, uuid4(), **{"from": "user", "to": "admin", "by": None})
    assert await found_after(detector, resources, [change]) == []


@pytest.mark.parametrize("seed", range(4))
async def test_roles_are_found_in_any_order_of_events(
    detector: Detector, resources: Resources, seed: int
) -> None:
    """Of a user who was an administrator for a while, only what he did afterwards is found."""
    admin, fallen = uuid4(), uuid4()
    events = [
        role_change(1, admin, fallen, "user", "admin"),
        role_change(2, fallen, uuid4(), "user", "analyst"),
        role_change(3, admin, fallen, "admin", "user"),
        role_change(4, fallen, uuid4(), "user", "admin"),
        event("user.login", 5, fallen, role="user"),
    ]
    random.Random(seed).shuffle(events)  # noqa: S311 - an order, not a secret
    assert await found_after(detector, resources, events) == [
        ("unauthorized_promotion", "critical", str(fallen), 1)
    ]


def storm(count: int) -> list[Event]:
    account = fingerprint(1)
    failures = [event("user.login_failed", 1 + n / 4, account=account, reason="locked") for n in range(count)]
    before = event("user.login_failed", 0, account=account)
    lock = event("user.locked", 0.5, account=account, seconds=600, address="192.0.2.7")
    after = event("user.login_failed", 10.6, account=account)
    return [before, lock, *failures, after]


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
async def test_ten_failures_while_the_account_is_locked(
    detector: Detector, resources: Resources, order: int
) -> None:
    found = await found_after(detector, resources, storm(10)[::order])
    assert [item[:3] for item in found] == [
        ("brute_force", "high", fingerprint(1)),
        ("locked_account_storm", "high", fingerprint(1)),
    ]
    assert found[1][3] == 10


async def test_fewer_failures_while_the_account_is_locked(detector: Detector, resources: Resources) -> None:
    found = await found_after(detector, resources, storm(9))
    assert [kind for kind, *_ in found] == ["brute_force"]


MALFORMED: list[dict[str, Any]] = [
    {"type": "user.locked", "data": {"account": "a", "seconds": "long"}},
    {"type": "user.login", "data": {"role": "root"}, "user_id": uuid4()},
    {"type": "user.role_changed", "data": {"from": "user", "to": "admin", "by": "x"}, "user_id": uuid4()},
    {"type": "user.role_changed", "data": {"from": "user", "to": "admin", "by": str(uuid4())}},
]


@pytest.mark.parametrize("document", MALFORMED)
async def test_malformed_events_teach_nothing(
    detector: Detector, resources: Resources, document: dict[str, Any]
) -> None:
    await detector.handle(Event(source="test", **document))
    async with resources.require_database().session() as session:
        for table in (RoleSighting, AccountLock, Threat):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_what_is_over_is_forgotten_but_the_last_role(detector: Detector, resources: Resources) -> None:
    user, ended = uuid4(), datetime.now(UTC) - timedelta(days=40)
    rows = [
        RoleSighting(event_id=uuid4(), user_id=user, role="user", time=ended, is_promotion=False),
        RoleSighting(
            event_id=uuid4(),
            user_id=user,
            role="admin",
            time=ended + timedelta(hours=1),
            is_promotion=True,
        ),
        AccountLock(event_id=uuid4(), account="a", starts_at=ended, ends_at=ended),
    ]
    async with resources.require_database().session() as session:
        session.add_all(rows)
        await session.commit()
        await detector.forget()
        assert (await session.scalars(select(RoleSighting.role))).all() == ["admin"]
        assert await session.scalar(select(func.count()).select_from(AccountLock)) == 0
