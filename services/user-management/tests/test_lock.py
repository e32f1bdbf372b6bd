import asyncio
import json
from uuid import uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_testing.plugin import PublishedEvents
from user_management.throttle import account_fingerprint
from user_management_testing import LogIn, Register

pytestmark = pytest.mark.usefixtures("clean_tables")

WRONG = "not the password"
LIMIT = 10


async def fail(client: httpx.AsyncClient, email: str, times: int = LIMIT) -> None:
    for _ in range(times):
        answer = await client.post("/auth/login", json={"email": email, "password": WRONG})
        assert answer.status_code == 401


async def seconds_locked(client: httpx.AsyncClient, email: str) -> int:
    answer = await client.post("/auth/login", json={"email": email, "password": WRONG})
    assert answer.status_code == 429
    assert answer.json()["type"] == "urn:assistants:problem:account-locked"
    return int(answer.headers["retry-after"])


async def unlock_by_time(resources: Resources, email: str) -> None:
    deleted = await resources.redis.delete(f"user-management:lock:{account_fingerprint(email)}")
    assert deleted == 1


async def test_ten_failures_lock_an_account_for_a_quarter_of_an_hour(
    client: httpx.AsyncClient, registered: Register, published_events: PublishedEvents
) -> None:
    body, other = await registered(), await registered()
    await fail(client, body["email"])
    for email in (body["email"], body["email"].upper()):
        refused = await client.post("/auth/login", json={**body, "email": email})
        assert refused.status_code == 429, "the right password is refused too"
        assert 890 <= int(refused.headers["retry-after"]) <= 900
    assert (await client.post("/auth/login", json=other)).status_code == 200
    events = [event for event in await published_events() if event["type"] == "user.locked"]
    assert [event["data"]["seconds"] for event in events] == [900]
    assert events[0]["data"]["account"] == account_fingerprint(body["email"])
    assert "user_id" not in events[0]
    assert body["email"] not in json.dumps(events)


async def test_attempts_on_a_locked_account_are_told_to_the_others(
    client: httpx.AsyncClient, registered: Register, published_events: PublishedEvents
) -> None:
    body = await registered()
    await fail(client, body["email"])
    await seconds_locked(client, body["email"])
    failures = [event["data"] for event in await published_events() if event["type"] == "user.login_failed"]
    assert [data["reason"] for data in failures] == ["bad_credentials"] * LIMIT + ["locked"]
    assert {data["account"] for data in failures} == {account_fingerprint(body["email"])}


async def test_a_lock_says_nothing_about_whether_there_is_an_account(
    client: httpx.AsyncClient, registered: Register
) -> None:
    known, unknown = await registered(), f"{uuid4().hex}@example.com"
    answers = []
    for email in (known["email"], unknown):
        await fail(client, email)
        answers.append(await client.post("/auth/login", json={"email": email, "password": WRONG}))
    first, second = ({**answer.json(), "request_id": ""} for answer in answers)
    assert first == second
    assert set(answers[0].headers) == set(answers[1].headers)


async def test_locks_grow_up_to_four_hours(client: httpx.AsyncClient, resources: Resources) -> None:
    email = f"{uuid4().hex}@example.com"
    locks = []
    for _ in range(6):
        await fail(client, email)
        locks.append(await seconds_locked(client, email))
        await unlock_by_time(resources, email)
    assert [round(seconds, -1) for seconds in locks] == [900, 1800, 3600, 7200, 14400, 14400]


async def test_parallel_guesses_do_not_slip_through(client: httpx.AsyncClient) -> None:
    wrong = {"email": f"{uuid4().hex}@example.com", "password": WRONG}
    answers = await asyncio.gather(*(client.post("/auth/login", json=wrong) for _ in range(14)))
    assert sorted(answer.status_code for answer in answers) == [401] * LIMIT + [429] * 4


async def test_a_login_clears_the_failures(client: httpx.AsyncClient, registered: Register) -> None:
    body = await registered()
    for _ in range(2):
        await fail(client, body["email"], LIMIT - 1)
        assert (await client.post("/auth/login", json=body)).status_code == 200


async def test_an_attempt_the_service_could_not_judge_does_not_count(
    client: httpx.AsyncClient, registered: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = await registered()

    async def away(*_: object) -> None:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr("user_management.accounts.find_by_email", away)
        for _ in range(LIMIT + 1):
            assert (await client.post("/auth/login", json=body)).status_code == 503
    assert (await client.post("/auth/login", json=body)).status_code == 200


async def test_guessing_the_old_password_locks_as_well(client: httpx.AsyncClient, logged_in: LogIn) -> None:
    tokens = await logged_in()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    change = {"old_password": WRONG, "new_password": "seven green lighthouses"}
    for status in [403] * LIMIT + [429]:
        answer = await client.post("/auth/password/change", json=change, headers=headers)
        assert answer.status_code == status
