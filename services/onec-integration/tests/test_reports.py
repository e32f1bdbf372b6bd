import asyncio
from uuid import uuid4

import httpx
import pytest

from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from onec_simulator.base import COMPANIES, RATES, SALES, Base


@pytest.fixture
async def headers(
    client: httpx.AsyncClient, clean_tables: None, base: Base, auth_headers: AuthHeaders
) -> dict[str, str]:
    """The header of a user, when companies and rates are copied and sales failed."""
    base.add_companies(12, deleted=[0, 1])
    base.add_sales(3)
    base.add_rates(5)
    base.hidden_by_rights.add(SALES)
    admin = auth_headers(uuid4(), Role.ADMIN)
    order = {"entity_sets": [COMPANIES, RATES, SALES]}
    started = await client.post("/sync/data", json=order, headers=admin)
    async with asyncio.timeout(20):
        while True:
            job = (await client.get(started.headers["location"], headers=admin)).json()
            if job["status"] == "failed":
                return auth_headers()
            await asyncio.sleep(0.02)


async def test_companies(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    report = (await client.get("/reports/companies?limit=5&offset=10", headers=headers)).json()
    assert report["id"] == "companies"
    assert (report["summary"]["records"], report["summary"]["marked_deleted"]) == (12, 2)
    assert report["summary"]["oldest_synced_at"] <= report["summary"]["last_synced_at"]
    assert report["rows"]["total"] == 12
    assert len(report["rows"]["items"]) == 2
    assert report["rows"]["items"][0]["full_name"].startswith("Общество")


async def test_entity_counts(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    report = (await client.get("/reports/entity-counts", headers=headers)).json()
    assert report["summary"] == {"entity_sets": 2, "records": 17}
    counted = [
        (item["entity_set"], item["records"], item["marked_deleted"]) for item in report["rows"]["items"]
    ]
    assert counted == [(COMPANIES, 12, 2), (RATES, 5, 0)]


async def test_sync_summary(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    report = (await client.get("/reports/sync-summary?limit=2&offset=1", headers=headers)).json()
    summary = report["summary"]
    assert [summary[status] for status in ("queued", "running", "completed", "failed")] == [0, 0, 0, 1]
    assert summary["last_completed_at"] is None
    assert summary["last_failed_at"] is not None
    assert report["rows"]["total"] == 3
    runs = {item["entity_set"]: (item["status"], item["rows_read"]) for item in report["rows"]["items"]}
    assert runs == {SALES: ("failed", 0), RATES: ("completed", 5)}


@pytest.mark.parametrize("kind", ["companies", "entity-counts", "sync-summary"])
async def test_reports_on_nothing(
    client: httpx.AsyncClient, clean_tables: None, auth_headers: AuthHeaders, kind: str
) -> None:
    answer = await client.get(f"/reports/{kind}", headers=auth_headers())
    assert answer.status_code == 200
    assert answer.json()["rows"] == {"items": [], "total": 0, "limit": 50, "offset": 0}


@pytest.mark.parametrize("kind", ["unknown", "Companies", "../companies"])
async def test_an_unknown_report(client: httpx.AsyncClient, auth_headers: AuthHeaders, kind: str) -> None:
    answer = await client.get(f"/reports/{kind.replace('/', '%2F')}", headers=auth_headers())
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
