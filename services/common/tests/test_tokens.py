from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders


def claims(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - claims are of any type
    now = datetime.now(UTC)
    good = {
        "iss": "ai-assistants",
        "aud": "ai-assistants",
        "sub": str(uuid4()),
        "role": "user",
        "iat": now,
        "exp": now + timedelta(minutes=5),
        "jti": uuid4().hex,
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def secret_key(resources: Resources) -> str:
    key = resources.settings.jwt_secret_key
    assert key
    return key.get_secret_value()


def signed(resources: Resources, **changes: Any) -> dict[str, str]:  # noqa: ANN401
    return bearer(jwt.encode(claims(**changes), secret_key(resources), algorithm="HS256"))


async def test_a_good_token_names_the_caller(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    user_id = uuid4()
    answer = await client.get("/me", headers=auth_headers(user_id, Role.ANALYST))
    assert answer.json() == {"id": str(user_id), "role": "analyst"}


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "someone"},
        {"aud": "else"},
        {"sub": "not-a-uuid"},
        {"sub": 5},
        {"sid": "not-a-uuid"},
        {"sid": 5},
        {"nbf": datetime.now(UTC) + timedelta(days=1)},
        {"role": "root"},
        {"role": ["admin"]},
        {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
        {"exp": datetime.now(UTC) - timedelta(seconds=60)},
        {"iat": datetime.now(UTC) + timedelta(days=1)},
        *({name: None} for name in ("iss", "aud", "sub", "role", "iat", "exp", "jti")),
    ],
)
async def test_a_wrong_or_missing_claim_is_refused(
    client: httpx.AsyncClient, resources: Resources, changes: dict[str, Any]
) -> None:
    answer = await client.get("/me", headers=signed(resources, **changes))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_clocks_may_differ_a_little(client: httpx.AsyncClient, resources: Resources) -> None:
    late = signed(resources, exp=datetime.now(UTC) - timedelta(seconds=10))
    assert (await client.get("/me", headers=late)).status_code == 200


async def test_other_keys_and_algorithms_are_refused(client: httpx.AsyncClient, resources: Resources) -> None:
    key = secret_key(resources)
    tokens = [
        jwt.encode(claims(), "k" * 64, algorithm="HS256"),
        jwt.encode(claims(), key, algorithm="HS512"),
        jwt.encode(claims(), "", algorithm="none"),
        "garbage",
        "a.b.c",
    ]
    for token in tokens:
        assert (await client.get("/me", headers=bearer(token))).status_code == 401
    assert (await client.get("/me", headers={"Authorization": "Basic dXNlcjpwdw=="})).status_code == 401


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/analysts", {Role.ANALYST, Role.ADMIN}), ("/admins", {Role.ADMIN})],
)
async def test_roles_are_kept(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, path: str, allowed: set[Role]
) -> None:
    for role in Role:
        answer = await client.get(path, headers=auth_headers(role=role))
        assert answer.status_code == (200 if role in allowed else 403)
