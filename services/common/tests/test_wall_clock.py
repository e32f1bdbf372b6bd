"""No result depends on the machine's speed; this file lists limits below half a minute, with a reason."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from assistants_testing.postgres import REPOSITORY
from assistants_testing.wall_clock import in_file, in_python, in_typescript

ELSEWHERE = {"e2e", "release", "production", "api-server", "elasticsearch"}
"""Below `test`: they need a cluster, whose own times are what they look at."""
NEVER = "what is waited for never comes: it ends the same however late"
READ_ONLY = "a value that is read, and the limit of nothing that runs"
LONGER = "it lasts at least so long: a slow machine only makes it longer"
MEASURED = "a benchmark, whose subject is time"
NO_MATTER = "a pace or a pause; what is asserted is the same when it takes longer"
PYTHON = "services/{}/tests/{}.py::{}".format
GATEWAY = "services/api-gateway/tests/{}_test.ts::{}".format
ALLOWED = {
    "services/common/assistants_testing/plugin.py::platform_settings": LONGER,  # the drain
    "services/common/assistants_testing/waiting.py::block_until": "the ceiling of all waits",
    "services/contract/contract_testing/__main__.py::_deep": "how many rounds there are; it ends none",
    "services/contract/contract_testing/login_load.py::module": MEASURED,
    "services/contract/contract_testing/stand_ins.py::module": NO_MATTER,
    "services/contract/contract_testing/login_load.py::_log_in": MEASURED,
    "services/contract/contract_testing/login_load.py::_watch": MEASURED,
    PYTHON("common", "test_bodies", "module"): NEVER,
    PYTHON("common", "test_bodies", "started"): NO_MATTER,  # the drain
    PYTHON("common", "test_bodies", "test_a_slow_body_is_given_up_and_the_connection_closed"): LONGER,
    PYTHON("common", "test_database", "test_a_database_that_never_comes_is_an_error"): NEVER,
    PYTHON("common", "test_database", "test_the_pool_is_bounded_and_does_not_wait_for_ever"): NEVER,
    PYTHON("common", "test_overload", "module"): NEVER,
    PYTHON("common", "test_overload", "with_redis"): NO_MATTER,
    PYTHON("common", "test_overload", "test_health_does_not_wait_for_a_connection_to_redis"): NO_MATTER,
    PYTHON("common", "test_overload", "test_a_place_is_given_back_after_a_fault"): NEVER,
    PYTHON("common", "test_server", "test_an_open_request_is_finished_after_the_drain"): LONGER,
    PYTHON("ai-assistant", "test_away", "app"): "the heartbeat of production, 15 s, is what is tested",
    PYTHON("ai-assistant", "test_stand_in_server", "test_it_fails_as_the_models_name_says"): NEVER,
    PYTHON("ai-assistant", "test_stand_in_server", "test_slow_models_are_slow"): (
        "the model pauses for twenty heartbeats in another process"
    ),
    PYTHON(
        "onec-integration", "test_killed_process", "values"
    ): "the lease of one worker, that no other wants",
    PYTHON("onec-integration", "test_licences", "faulty"): NO_MATTER,
    PYTHON("onec-integration", "test_pages", "test_metadata_may_take_longer_than_the_rest"): NEVER,
    PYTHON("onec-integration", "test_simulator", "test_control"): READ_ONLY,
    PYTHON("analytics", "analytics_tests/test_event_faults", "keep_publishing"): NO_MATTER,
    PYTHON(
        "security", "security_tests/test_notifications", "test_a_webhook_that_does_not_answer_is_left"
    ): NEVER,
    PYTHON("user-management", "test_turns", "extra_settings"): NEVER,
    PYTHON("user-management", "test_process", "test_sigterm_drains_and_loses_nothing"): LONGER,
    GATEWAY("http1", "connections are used again, unless the service says otherwise or goes on talking"): (
        NO_MATTER
    ),
    GATEWAY("frames", "security: an end is read no faster than the other takes it"): NO_MATTER,
    GATEWAY("permits", "security: slow uploads do not keep an open circuit open"): NO_MATTER,
    GATEWAY("process", "a console that is not there ends the process with one line, too"): READ_ONLY,
    GATEWAY("redis", "a quota comes back evenly"): LONGER,
    GATEWAY("resp", "time in which this process itself stood still is not held against the server"): (
        "standing still is what is tested"
    ),
    GATEWAY("routing", "the first rule that fits says who may"): READ_ONLY,
    GATEWAY("routing", "the most specific prefix of a table comes first"): READ_ONLY,
    GATEWAY("security", "a body that keeps coming may take longer than an answer"): LONGER,
    GATEWAY("security", "security: a body that comes too slowly is ended with 408"): NEVER,
    GATEWAY("security", "security: a body that drips without an end is ended with 408"): NEVER,
    GATEWAY("server", "security: a client that reads nothing is not waited for beyond the deadline"): NEVER,
    GATEWAY(
        "server", "security: a connection whose client takes nothing is ended, though its answers are small"
    ): (NEVER),
    GATEWAY("server", "security: a head has a time limit, wherever it stops and whatever came before"): NEVER,
    GATEWAY("settings", "what is wrong is named with its value"): READ_ONLY,
    GATEWAY("streaming", "an answer that does not begin in time is a 504"): NEVER,
    GATEWAY("web_socket", "a WebSocket is counted by the limiter, and has the deadline of its route"): LONGER,
    GATEWAY("web_socket", "a WebSocket on which nothing is said is closed"): NEVER,
}


def files() -> Iterator[Path]:
    for pattern in ("*/tests/**/*.py", "*/*_testing/**/*.py", "api-gateway/tests/*.ts"):
        yield from (REPOSITORY / "services").glob(pattern)
    for path in (REPOSITORY / "test").glob("*/**/*.test.ts"):
        if path.relative_to(REPOSITORY).parts[1] not in ELSEWHERE:
            yield path


def test_no_test_is_decided_by_a_wall_clock() -> None:
    found = list(chain.from_iterable(in_file(path, REPOSITORY) for path in files()))
    surprises = [str(finding) for finding in found if finding.key not in ALLOWED]
    assert surprises == [], (
        "wait for a condition (assistants_testing.waiting), or say in ALLOWED why it is no matter"
    )
    stale = sorted(ALLOWED.keys() - {finding.key for finding in found})
    assert stale == [], "ALLOWED names what is not there any more"


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.sleep(0.3)",
        "time.sleep(1)",
        "await asyncio.wait_for(event.wait(), 5)",
        "process.wait(5)",
        "thread.join(2)",
        "async with asyncio.timeout(10): pass",
        "httpx.get(url, timeout=1)",
        'settings.model_copy(update={"ai_timeout_seconds": 0.3})',
        "migrate(settings, wait_seconds=5)",
        "consume(retried_after_ms=200)",
        "assert monotonic() - begin < 5",
        "while time.monotonic() < deadline: pass",
    ],
)
def test_a_short_wait_is_found(code: str) -> None:
    (finding,) = in_python("x.py", f"async def test_it():\n    {code}\n")
    assert (finding.key, finding.line) == ("x.py::test_it", 2)


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.sleep(0)",
        "await asyncio.sleep(3600)",
        "while not ready():\n        await asyncio.sleep(0.02)",
        "async with asyncio.timeout(60): pass",
        "httpx.get(url, timeout=PATIENCE_SECONDS)",
        "started = monotonic()",
        "EventConsumer(redis, block_ms=20, retry_after_ms=100)",
    ],
)
def test_a_wait_that_decides_nothing_is_let_be(code: str) -> None:
    assert list(in_python("x.py", f"async def test_it():\n    {code}\n")) == []


def test_short_limits_of_a_module_are_found() -> None:
    assert [finding.key for finding in in_python("x.py", "TIMEOUT = 0.5\n")] == ["x.py::module"]


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("await new Promise((resolve) => setTimeout(resolve, 100));", True),
        ("fetch(url, { signal: AbortSignal.timeout(100) });", True),
        ("route(url, { timeoutMs: 150 });", True),
        ("vi.waitFor(check, { timeout: 20_000 });", True),
        ("startGateway({ streamIdleSeconds: 0.2 });", True),
        ("spawn({ DRAIN_SECONDS: '1', BODY_TIMEOUT_SECONDS: '1' });", True),
        ("assert(performance.now() - started < 5_000);", True),
        ("await new Promise((resolve) => setTimeout(resolve, 60_000));", False),
        ("route(url, { timeoutMs: PATIENCE_MS, deadlineMs: 3 * PATIENCE_MS });", False),
    ],
)
def test_the_same_in_typescript(code: str, is_found: bool) -> None:
    found = list(in_typescript("x.ts", f"Deno.test('it', async () => {{\n  {code}\n}});\n"))
    assert [finding.key for finding in found] == (["x.ts::it"] if is_found else [])
