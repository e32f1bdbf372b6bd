from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from assistants_common.events import Event
from security.detection.addresses import network_of
from security.detection.detector import RETENTION
from security.detection.rules import RULES, matches, most_within
from security.models import ThreatKind

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=10)


def minutes(*values: float) -> list[datetime]:
    return [NOON + timedelta(minutes=value) for value in values]


@pytest.mark.parametrize(
    ("times", "at", "expected"),
    [
        ([0, 2, 4, 6, 10], 10, 5),
        ([0, 2, 4, 6, 10.1], 10.1, 4),
        ([0, 2, 4, 6, 8], 0, 5),
        ([0, 5, 11, 12, 13], 5, 4),
        ([0, 11, 12, 13, 14], 0, 1),
        ([3, 3, 3], 3, 3),
    ],
)
def test_the_fullest_window_around_an_event(times: list[float], at: float, expected: int) -> None:
    seen = [(time, number) for number, time in enumerate(minutes(*times))]
    assert most_within(WINDOW, seen, minutes(at)[0]) == expected


@pytest.mark.parametrize(
    ("times", "values", "at", "expected"),
    [
        ([0, 1, 2, 3], "abab", 3, 2),
        ([0, 1, 2, 3], "aaaa", 3, 1),
        ([0, 5, 11, 12], "abcd", 11, 3),
        ([0, 5, 11, 12], "abba", 5, 2),
        ([0, 11, 12, 22.5], "abcd", 12, 2),
    ],
)
def test_the_most_different_values_around_an_event(
    times: list[float], values: str, at: float, expected: int
) -> None:
    seen = list(zip(minutes(*times), values, strict=True))
    assert most_within(WINDOW, seen, minutes(at)[0]) == expected


def test_a_flood_takes_no_long_time() -> None:
    """The search visits every time only twice, however many share a window."""

    class Counting(list[tuple[datetime, object]]):
        looked_at = 0

        def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - as in the base class
            self.looked_at += 1
            return super().__getitem__(index)

    seen = Counting((NOON, number) for number in range(1000))
    assert most_within(WINDOW, seen, NOON) == 1000
    assert seen.looked_at < 5000


def kinds(type_: str, data: dict[str, object], user_id: str | None = None) -> list[str]:
    event = Event.model_validate({"type": type_, "source": "x", "data": data, "user_id": user_id})
    return [rule.kind.value for rule, _ in matches(event)]


@pytest.mark.parametrize("data", [{}, {"account": 5}, {"account": ""}, {"account": "a\x00b"}])
def test_a_malformed_failure_counts_for_nothing(data: dict[str, object]) -> None:
    assert kinds("user.login_failed", data) == []


def test_role_changes() -> None:
    actor, other = str(uuid4()), str(uuid4())
    up: dict[str, object] = {"from": "analyst", "to": "admin", "by": actor}
    down: dict[str, object] = {"from": "admin", "to": "user", "by": actor}
    assert kinds("user.role_changed", up, actor) == ["self_promotion", "role_change_burst"]
    assert kinds("user.role_changed", up, other) == ["role_change_burst"]
    assert kinds("user.role_changed", up) == ["role_change_burst"]
    assert kinds("user.role_changed", {"from": "user", "to": "admin", "by": None}, other) == []
    assert kinds("user.role_changed", down, actor) == ["role_change_burst"]
    assert kinds("user.role_changed", {**up, "to": "root"}, actor) == []


def test_other_events_are_not_looked_at() -> None:
    assert kinds("user.login_succeeded", {}) == []
    assert kinds("security.alert", {}) == []


ACCOUNT = "a" * 64
USER = "0a0f7c1e-8f3e-4b55-8b3e-5d1f1f0d2a11"


@pytest.mark.parametrize(
    ("type_", "data", "user_id", "expected"),
    [
        ("user.login_failed", {"account": ACCOUNT}, None, [("brute_force", ACCOUNT, None)]),
        (
            "user.login_failed",
            {"account": ACCOUNT, "address": "192.0.2.7"},
            None,
            [("brute_force", ACCOUNT, None), ("password_spraying", "192.0.2.7", ACCOUNT)],
        ),
        ("user.login_failed", {"account": ACCOUNT, "address": 5}, None, [("brute_force", ACCOUNT, None)]),
        ("user.login_failed", {"account": ACCOUNT, "address": "x"}, None, [("brute_force", ACCOUNT, None)]),
        ("user.login", {"address": "192.0.2.7"}, USER, [("many_addresses", USER, "192.0.2.7")]),
        ("user.login", {"role": "user"}, USER, []),
        ("user.login", {"address": "192.0.2.7"}, None, []),
        ("user.token_reused", {"session": "s"}, USER, [("token_reuse", USER, None)]),
        ("user.token_reused", {}, None, []),
        ("gateway.rate_limited", {"address": "192.0.2.7"}, USER, [("scraping", USER, "2026-01-01T12:00")]),
        (
            "gateway.rate_limited",
            {"address": "192.0.2.7"},
            None,
            [("scraping", "192.0.2.7", "2026-01-01T12:00")],
        ),
        ("gateway.rate_limited", {}, None, []),
        ("gateway.enumeration", {"address": "192.0.2.7", "misses": 20}, USER, [("enumeration", USER, None)]),
        ("gateway.enumeration", {"address": "::1"}, None, [("enumeration", "::/64", None)]),
        ("gateway.enumeration", {}, None, []),
        ("onec.report_read", {"report": "r", "rows": 5}, USER, [("bulk_reading", USER, None)]),
        ("ai.prompt_flagged", {"markers": ["role_play"]}, USER, [("prompt_injection", USER, None)]),
    ],
)
def test_whom_an_event_counts_against(
    type_: str, data: dict[str, object], user_id: str | None, expected: list[tuple[str, str, str | None]]
) -> None:
    document = {"type": type_, "source": "x", "data": data, "user_id": user_id, "time": NOON}
    found = matches(Event.model_validate(document))
    assert [(rule.kind.value, reading.subject, reading.value) for rule, reading in found] == expected


def test_every_rule_says_why() -> None:
    assert {rule.kind for rule in RULES} == set(ThreatKind)
    assert all(rule.reason.endswith(".") and rule.threshold > 0 for rule in RULES)
    assert all(rule.window <= RETENTION and rule.lull <= RETENTION for rule in RULES)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7:80", None),
        ("", None),
        (None, None),
        (3232235777, None),
    ],
)
def test_addresses_are_compared_by_subscriber(address: object, expected: str | None) -> None:
    assert network_of(address) == expected
