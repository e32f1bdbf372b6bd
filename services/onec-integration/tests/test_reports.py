import asyncio
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, update

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.waiting import patience
from onec_integration.models import OneCRecord
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
    async with patience():
        while True:
            job = (await client.get(f"/sync/{started.headers['location']}", headers=admin)).json()
            if job["status"] == "failed":
                return auth_headers()
            await asyncio.sleep(0.02)


async def test_companies(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    report = (await client.get("/reports/companies?limit=5&offset=10", headers=headers)).json()
    assert report["id"] == "companies"
    assert (report["summary"]["records"], report["summary"]["marked_deleted"]) == (12, 2)
    assert report["summary"]["missing"] == 0
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


async def test_what_1c_does_not_show_any_more_is_counted_apart(
    client: httpx.AsyncClient, headers: dict[str, str], resources: Resources
) -> None:
    async with resources.require_database().session() as session:
        one = select(OneCRecord.ref_key).where(OneCRecord.entity_set == COMPANIES).limit(1).scalar_subquery()
        gone = update(OneCRecord).where(OneCRecord.ref_key == one).values(missing_since=func.now())
        await session.execute(gone)
        await session.commit()
    companies = (await client.get("/reports/companies", headers=headers)).json()
    assert (companies["summary"]["records"], companies["summary"]["missing"]) == (11, 1)
    assert companies["rows"]["total"] == len(companies["rows"]["items"]) == 11
    counts = (await client.get("/reports/entity-counts", headers=headers)).json()
    assert counts["summary"] == {"entity_sets": 2, "records": 16}
    assert [(item["records"], item["missing"]) for item in counts["rows"]["items"]] == [(11, 1), (5, 0)]


async def test_reading_a_report_is_an_event(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    auth_headers: AuthHeaders,
    published_events: PublishedEvents,
) -> None:
    reader = uuid4()
    answer = await client.get("/reports/companies?limit=5", headers=auth_headers(reader))
    assert answer.status_code == 200
    await client.get("/reports/unknown", headers=headers)
    events = [event for event in await published_events() if event["type"] == "onec.report_read"]
    assert [(event["user_id"], event["data"]) for event in events] == [
        (str(reader), {"report": "companies", "rows": 5})
    ]
    assert events[0]["request_id"] == answer.headers["x-request-id"]


async def test_the_reports_there_are(
    client: httpx.AsyncClient, clean_tables: None, auth_headers: AuthHeaders
) -> None:
    listed = (await client.get("/reports", headers=auth_headers())).json()["items"]
    assert [item["id"] for item in listed] == ["companies", "sync-summary", "entity-counts"]
    for item in listed:
        assert item["title"]
        assert (await client.get(f"/reports/{item['id']}", headers=auth_headers())).status_code == 200


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
