from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from assistants_common.events import Event
from security.rules import matches, most_within

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
    assert most_within(WINDOW, minutes(*times), minutes(at)[0]) == expected


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
    assert kinds("user.role_changed", down, actor) == ["role_change_burst"]
    assert kinds("user.role_changed", {**up, "to": "root"}, actor) == []


def test_other_events_are_not_looked_at() -> None:
    assert kinds("user.login", {}) == []
    assert kinds("security.alert", {}) == []
