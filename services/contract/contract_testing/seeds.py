"""Events from before the run, so that reports have rows and threats exist."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from assistants_common.events import FIELD, STREAM, Event
from assistants_testing.redis import RedisServer
from assistants_testing.waiting import PATIENCE_SECONDS, block_until

from .identities import IDENTITIES, USER

_DAYS = 5
_FAILURES = 30


def usage() -> Iterator[Event]:
    """Some days of work of all identities."""
    now = datetime.now(UTC)
    for day in range(_DAYS):
        for item in IDENTITIES:
            time = now - timedelta(days=day, minutes=1)
            person: dict[str, Any] = {"time": time, "user_id": item.user_id}
            login = {"role": item.role.value, "address": "10.1.0.1"}
            yield Event(type="user.login", source="user-management", data=login, **person)
            tokens = {
                "model": "gpt-5.5",
                "provider": "openai",
                "kind": "chat",
                "input_tokens": 120,
                "output_tokens": 80,
            }
            yield Event(type="ai.usage", source="ai-assistant", data=tokens, **person)
            rows = {"rows_read": 25, "entity_sets": ["Catalog_Организации"]}
            yield Event(type="onec.sync_completed", source="onec-integration", data=rows, **person)


def attacks() -> Iterator[Event]:
    """Passwords are guessed, and an account is given a role."""
    for _ in range(_FAILURES):
        guess = {"account": "3f2a9c51", "reason": "bad_credentials", "address": "203.0.113.9"}
        yield Event(type="user.login_failed", source="user-management", data=guess)
    change = {"from": "user", "to": "admin", "by": str(USER.user_id)}
    yield Event(type="user.role_changed", source="user-management", user_id=USER.user_id, data=change)


def publish(server: RedisServer, events: Iterable[Event]) -> None:
    """Put events into the stream, and wait until its reader has handled them."""
    with Redis(server.host, server.port, password=server.password, socket_timeout=PATIENCE_SECONDS) as client:
        for event in events:
            client.xadd(STREAM, {FIELD: event.model_dump_json(exclude_none=True)})
        block_until(lambda: _handled(client))


def _handled(client: Redis) -> bool:
    groups: Any = client.xinfo_groups(STREAM)
    return bool(groups) and all(not group["pending"] and group["lag"] == 0 for group in groups)
