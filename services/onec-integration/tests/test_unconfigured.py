from typing import Any
from uuid import uuid4

import httpx
import pytest

from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from onec_integration.settings import Settings


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> Settings:
    return Settings.model_validate(platform_settings)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/companies"),
        ("GET", f"/companies/{uuid4()}"),
        ("GET", "/metadata"),
        ("POST", "/sync/data"),
        ("POST", f"/sync/{uuid4()}/resume"),
    ],
)
async def test_without_a_server_the_missing_setting_is_named(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, method: str, path: str
) -> None:
    body = {"entity_sets": ["Catalog_Организации"]} if path == "/sync/data" else None
    answer = await client.request(method, path, json=body, headers=auth_headers(role=Role.ANALYST))
    assert answer.status_code == 503
    assert "ONEC_SERVER_URL" in answer.json()["detail"]
    assert answer.json()["code"] == "onec_not_configured"


async def test_the_rest_works(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    assert (await client.get("/health")).status_code == 200
    assert (await client.get("/reports/entity-counts", headers=auth_headers())).status_code == 200
    assert (await client.get("/sync", headers=auth_headers())).json()["total"] == 0
