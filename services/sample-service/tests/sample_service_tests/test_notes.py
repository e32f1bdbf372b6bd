import httpx
import pytest

from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders
from assistants_testing.schema import schema_differences
from sample_service.models import Base


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []


async def test_a_note_is_its_users_alone(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    mine, other = auth_headers(), auth_headers()
    created = await client.post("/notes", json={"text": " Closing of the month "}, headers=mine)
    assert created.status_code == 201
    assert created.json()["text"] == "Closing of the month"
    assert (await client.get("/notes", headers=mine)).json()["items"] == [created.json()]
    assert (await client.get("/notes", headers=other)).json()["total"] == 0


@pytest.mark.parametrize("text", ["", " ", "\x00", "x" * 1001])
async def test_bad_text_is_refused(client: httpx.AsyncClient, auth_headers: AuthHeaders, text: str) -> None:
    refused = await client.post("/notes", json={"text": text}, headers=auth_headers())
    assert refused.status_code == 422


async def test_needs_a_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/notes")).status_code == 401
