import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from user_management.models import User


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Administrators are counted, so every test starts with none."""


async def add(resources: Resources, role: Role = Role.USER) -> UUID:
    async with resources.require_database().session() as session:
        user = User(email=f"{uuid4().hex}@example.com", password_hash="none", role=role.value)
        session.add(user)
        await session.commit()
        return user.id


async def role_of(resources: Resources, user_id: UUID) -> str:
    async with resources.require_database().session() as session:
        user = await session.get(User, user_id)
        assert user is not None
        return user.role


async def test_a_user_sees_himself(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    user_id = await add(resources)
    answer = await client.get(f"/users/{user_id}", headers=auth_headers(user_id))
    assert answer.status_code == 200
    assert set(answer.json()) == {"id", "email", "email_verified", "role", "created_at", "last_login_at"}


async def test_an_administrator_sees_everyone(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    user_id = await add(resources)
    answer = await client.get(f"/users/{user_id}", headers=auth_headers(role=Role.ADMIN))
    assert answer.status_code == 200
    missing = await client.get(f"/users/{uuid4()}", headers=auth_headers(role=Role.ADMIN))
    assert missing.status_code == 404


async def test_another_users_account_is_none_of_a_users_business(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    user_id = await add(resources)
    for someone in (user_id, uuid4()):
        for role in (Role.USER, Role.ANALYST):
            answer = await client.get(f"/users/{someone}", headers=auth_headers(role=role))
            assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), [("GET", "/users/{}"), ("PUT", "/users/{}/role")])
async def test_a_token_is_required(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path.format(uuid4()), json={"role": "admin"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_administrator_changes_a_role(
    client: httpx.AsyncClient,
    resources: Resources,
    auth_headers: AuthHeaders,
    published_events: PublishedEvents,
) -> None:
    admin, user = await add(resources, Role.ADMIN), await add(resources)
    headers = auth_headers(admin, Role.ADMIN)
    for _ in range(2):
        answer = await client.put(f"/users/{user}/role", json={"role": "analyst"}, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["role"] == "analyst"
    entries = await published_events()
    assert [entry["type"] for entry in entries] == ["user.role_changed"]
    assert entries[0]["data"] == {"from": "user", "to": "analyst", "by": str(admin)}


async def test_another_users_role_and_ones_own_are_for_administrators_to_change(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    user, other = await add(resources), await add(resources)
    for role in (Role.USER, Role.ANALYST):
        headers = auth_headers(user, role)
        for target in (user, other, uuid4()):
            answer = await client.put(f"/users/{target}/role", json={"role": "admin"}, headers=headers)
            assert answer.status_code == 403
    assert [await role_of(resources, target) for target in (user, other)] == ["user", "user"]


async def test_a_token_from_before_a_demotion_changes_nothing(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    former, user = await add(resources), await add(resources)
    headers = auth_headers(former, Role.ADMIN)
    answer = await client.put(f"/users/{user}/role", json={"role": "admin"}, headers=headers)
    assert answer.status_code == 403


async def test_unknown_user_and_unknown_role(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers(await add(resources, Role.ADMIN), Role.ADMIN)
    missing = await client.put(f"/users/{uuid4()}/role", json={"role": "user"}, headers=headers)
    assert missing.status_code == 404
    wrong = await client.put(f"/users/{uuid4()}/role", json={"role": "root"}, headers=headers)
    assert wrong.status_code == 422


async def test_the_last_administrator_stays(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    admin = await add(resources, Role.ADMIN)
    headers = auth_headers(admin, Role.ADMIN)
    answer = await client.put(f"/users/{admin}/role", json={"role": "user"}, headers=headers)
    assert answer.status_code == 409
    same = await client.put(f"/users/{admin}/role", json={"role": "admin"}, headers=headers)
    assert same.status_code == 200
    assert await role_of(resources, admin) == "admin"


async def test_two_administrators_who_demote_each_other_leave_one(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    first, second = await add(resources, Role.ADMIN), await add(resources, Role.ADMIN)
    answers = await asyncio.gather(
        client.put(f"/users/{second}/role", json={"role": "user"}, headers=auth_headers(first, Role.ADMIN)),
        client.put(f"/users/{first}/role", json={"role": "user"}, headers=auth_headers(second, Role.ADMIN)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert sorted([await role_of(resources, first), await role_of(resources, second)]) == ["admin", "user"]


async def test_an_administrator_lists_users_in_pages(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    ids = [str(await add(resources)) for _ in range(5)]
    headers = auth_headers(role=Role.ADMIN)
    pages = [
        (await client.get("/users", params={"limit": 2, "offset": offset}, headers=headers)).json()
        for offset in (0, 2, 4)
    ]
    assert [item["id"] for page in pages for item in page["items"]] == ids
    assert {page["total"] for page in pages} == {5}
    assert "password" not in str(pages)
    assert "hash" not in str(pages)


async def test_users_are_found_by_the_beginning_of_their_address(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders
) -> None:
    async with resources.require_database().session() as session:
        for email in ("anna@example.com", "Annika@example.com", "joanna@example.com", "a_b@example.com"):
            session.add(User(email=email, password_hash="none"))
        await session.commit()
    headers = auth_headers(role=Role.ADMIN)
    for prefix, found in (("ANN", 2), ("anna@", 1), ("%", 0), ("a_", 1), ("\\", 0), ("", 4)):
        answer = await client.get("/users", params={"email": prefix}, headers=headers)
        assert (prefix, answer.json()["total"]) == (prefix, found)
    assert (await client.get("/users", params={"email": "a\0"}, headers=headers)).status_code == 422


async def test_the_list_is_for_administrators(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for role in (Role.USER, Role.ANALYST):
        assert (await client.get("/users", headers=auth_headers(role=role))).status_code == 403
    assert (await client.get("/users")).status_code == 401


async def test_an_administrator_who_steps_down_is_logged_out(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    first, second = await add(resources, Role.ADMIN), await add(resources, Role.ADMIN)
    token = resources.tokens.issue(first, Role.ADMIN, session_id=uuid4()).value
    headers = {"Authorization": f"Bearer {token}"}
    # What this second's tokens may still do is ended by their session; this one has none in the database.
    answer = await client.put(f"/users/{first}/role", json={"role": "user"}, headers=headers)
    assert answer.status_code == 200
    assert await role_of(resources, second) == "admin"
    again = await client.put(f"/users/{second}/role", json={"role": "user"}, headers=headers)
    assert again.status_code in {401, 403}
    assert await role_of(resources, second) == "admin"
