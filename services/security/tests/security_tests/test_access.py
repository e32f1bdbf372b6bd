"""The roles that may call each route."""

from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .test_alerts import add

ANYBODY = {"GET /live", "GET /health", "GET /metrics"}
USERS = {"POST /audit/log"}
ANALYSTS = {"GET /audit", "GET /threats", "GET /threats/{threat_id}", "GET /alerts", "GET /alerts/{alert_id}"}
ADMINS = {"GET /audit/verify", "GET /audit/export", "POST /alerts/{alert_id}/state"}


def test_every_route_is_in_one_of_the_lists(app: FastAPI) -> None:
    document = app.openapi()
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert routes == ANYBODY | USERS | ANALYSTS | ADMINS


async def request(client: httpx.AsyncClient, route: str, headers: dict[str, str]) -> int:
    method, path = route.split(" ")
    path = path.replace("{alert_id}", str(uuid4())).replace("{threat_id}", str(uuid4()))
    body = {"state": "resolved"} if method == "POST" else None
    return (await client.request(method, path, json=body, headers=headers)).status_code


@pytest.mark.parametrize("route", sorted(USERS | ANALYSTS | ADMINS))
async def test_without_a_token_nothing_is_reached(client: httpx.AsyncClient, route: str) -> None:
    assert await request(client, route, {}) == 401


@pytest.mark.parametrize("route", sorted(ANALYSTS | ADMINS))
async def test_a_plain_user_reaches_no_route_of_analysts_and_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, route: str
) -> None:
    assert await request(client, route, auth_headers(role=Role.USER)) == 403


@pytest.mark.parametrize("route", sorted(ADMINS))
async def test_an_analyst_reaches_no_route_of_administrators(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, route: str
) -> None:
    assert await request(client, route, auth_headers(role=Role.ANALYST)) == 403


@pytest.mark.parametrize("route", sorted(ANALYSTS))
async def test_analysts_and_administrators_reach_theirs(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, route: str
) -> None:
    expected = 404 if "{" in route else 200
    for role in (Role.ANALYST, Role.ADMIN):
        assert await request(client, route, auth_headers(role=role)) == expected


async def alert_about(resources: Resources, user: UUID) -> UUID:
    return await add(resources, subject=str(user), kind="token_reuse")


@pytest.mark.parametrize("own", [False, True], ids=["another", "own"])
async def test_another_users_alert_is_not_shown_to_a_user(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, *, own: bool
) -> None:
    """Not even the user's own alert, which would tell an attacker that the platform has noticed them."""
    user = uuid4()
    alert = await alert_about(resources, user if own else uuid4())
    assert (await client.get(f"/alerts/{alert}", headers=auth_headers(user))).status_code == 403


@pytest.mark.parametrize("own", [False, True], ids=["another", "own"])
async def test_another_users_alert_is_not_changed_by_a_user(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, *, own: bool
) -> None:
    user = uuid4()
    alert = await alert_about(resources, user if own else uuid4())
    for role in (Role.USER, Role.ANALYST):
        answer = await client.post(
            f"/alerts/{alert}/state", json={"state": "resolved"}, headers=auth_headers(user, role)
        )
        assert answer.status_code == 403
    shown = await client.get(f"/alerts/{alert}", headers=auth_headers(role=Role.ADMIN))
    assert shown.json()["state"] == "open"


@pytest.mark.parametrize("own", [False, True], ids=["another", "own"])
async def test_another_users_threat_is_not_shown_to_a_user(
    client: httpx.AsyncClient, resources: Resources, auth_headers: AuthHeaders, *, own: bool
) -> None:
    user = uuid4()
    alert = await alert_about(resources, user if own else uuid4())
    shown = (await client.get(f"/alerts/{alert}", headers=auth_headers(role=Role.ADMIN))).json()
    answer = await client.get(f"/threats/{shown['threat_id']}", headers=auth_headers(user))
    assert answer.status_code == 403
