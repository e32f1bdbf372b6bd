from datetime import timedelta
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.revocation import (
    revocation_ttl,
    revoke_session,
    revoke_user,
    session_key,
    user_key,
)
from assistants_common.tokens import Role
from assistants_testing.redis import RedisServer

TTL = 60


def bearer(resources: Resources, user_id: UUID, **options: Any) -> dict[str, str]:  # noqa: ANN401
    return {"Authorization": f"Bearer {resources.tokens.issue(user_id, Role.USER, **options).value}"}


async def status(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get("/me", headers=headers)).status_code


async def test_a_revoked_session_is_refused_and_others_are_not(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    user, session = uuid4(), uuid4()
    mine = bearer(resources, user, session_id=session)
    others = [bearer(resources, user, session_id=uuid4()), bearer(resources, user)]
    assert await status(client, mine) == 200
    await revoke_session(resources.redis, session, TTL)
    answer = await client.get("/me", headers=mine)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert answer.json()["detail"] == "The token has been revoked."
    assert [await status(client, headers) for headers in others] == [200, 200]


async def test_all_older_tokens_of_a_user_are_refused(
    client: httpx.AsyncClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = uuid4()
    headers = bearer(resources, user, session_id=uuid4())
    without_session = bearer(resources, user)
    monkeypatch.setattr("assistants_common.revocation.time", lambda: time() + 2)
    await revoke_user(resources.redis, user, TTL)
    assert await status(client, headers) == await status(client, without_session) == 401
    assert await status(client, bearer(resources, uuid4())) == 200


async def test_a_token_of_the_same_second_is_good(client: httpx.AsyncClient, resources: Resources) -> None:
    user = uuid4()
    await revoke_user(resources.redis, user, TTL)
    assert await status(client, bearer(resources, user)) == 200


async def test_notes_are_kept_as_long_as_a_token_may_live(resources: Resources) -> None:
    user, session = uuid4(), uuid4()
    ttl = revocation_ttl(resources.settings)
    assert ttl == resources.settings.jwt_expire_minutes * 60 + 30
    await revoke_user(resources.redis, user, ttl)
    await revoke_session(resources.redis, session, ttl)
    for key in (user_key(user), session_key(session)):
        assert ttl - 5 < await resources.redis.ttl(key) <= ttl


async def test_without_redis_a_good_token_is_taken(
    client: httpx.AsyncClient,
    resources: Resources,
    redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    session = uuid4()
    headers = bearer(resources, uuid4(), session_id=session)
    expired = bearer(resources, uuid4(), lifetime=timedelta(minutes=-5))
    await revoke_session(resources.redis, session, TTL)
    redis_server.save()
    redis_server.stop()
    assert await status(client, headers) == 200
    assert "revoked tokens cannot be looked up" in caplog.text
    assert await status(client, expired) == 401
    redis_server.start()
    assert await status(client, headers) == 401
