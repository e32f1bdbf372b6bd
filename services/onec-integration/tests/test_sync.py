import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from onec_integration.jobs import MAX_OPEN_JOBS
from onec_integration.models import OneCRecord, SyncJob
from onec_simulator.base import COMPANIES, RATES, SALES, Base

ANALYST = uuid4()


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None, base: Base) -> None:
    base.add_companies(25, deleted=[0])
    base.add_sales(30)
    base.add_rates(10)


@pytest.fixture
def headers(auth_headers: AuthHeaders) -> dict[str, str]:
    return auth_headers(ANALYST, Role.ANALYST)


async def start(client: httpx.AsyncClient, headers: dict[str, str], *names: str, **more: str) -> str:
    answer = await client.post("/sync/data", json={"entity_sets": names, **more}, headers=headers)
    assert answer.status_code == 202, answer.text
    job_id = str(answer.json()["job_id"])
    assert answer.headers["location"] == f"/sync/{job_id}"
    return job_id


async def ended(client: httpx.AsyncClient, headers: dict[str, str], job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            job: dict[str, Any] = (await client.get(f"/sync/{job_id}", headers=headers)).json()
            if job["status"] in {"completed", "failed"}:
                return job
            await asyncio.sleep(0.02)


async def stored(resources: Resources, entity_set: str) -> list[OneCRecord]:
    async with resources.require_database().session() as session:
        statement = select(OneCRecord).where(OneCRecord.entity_set == entity_set)
        return list(await session.scalars(statement.order_by(OneCRecord.ref_key)))


async def test_copies_catalogs_documents_and_registers(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    published_events: PublishedEvents,
) -> None:
    job_id = await start(client, headers, COMPANIES, SALES, RATES, COMPANIES)
    job = await ended(client, headers, job_id)
    assert job["status"] == "completed"
    assert job["requested_by"] == str(ANALYST)
    assert job["started_at"] <= job["finished_at"]
    progress = {item["entity_set"]: (item["rows_read"], item["rows_total"]) for item in job["entity_sets"]}
    assert progress == {COMPANIES: (25, 25), SALES: (30, 30), RATES: (10, 10)}
    companies = await stored(resources, COMPANIES)
    assert {record.ref_key for record in companies} == {
        row["Ref_Key"] for row in base.entity_sets[COMPANIES].rows
    }
    assert companies[0].data_version == "AAAAAQAAAAA="
    sales = await stored(resources, SALES)
    assert sales[0].data["Товары"][0]["Количество"] == 2
    rates = await stored(resources, RATES)
    assert len(rates) == 10
    assert rates[0].data_version is None
    events = await published_events()
    assert [event["type"] for event in events] == ["onec.sync_completed"]
    assert events[0]["user_id"] == str(ANALYST)
    assert events[0]["data"] == {
        "job_id": job_id,
        "entity_sets": [COMPANIES, SALES, RATES],
        "rows_read": 65,
    }


async def test_copying_again_changes_only_what_changed(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, COMPANIES))
    before = {record.ref_key: record.synced_at for record in await stored(resources, COMPANIES)}
    changed = base.entity_sets[COMPANIES].rows[7]
    changed.update(Description="Новое имя", DataVersion="AAAAAgAAAAA=")
    await ended(client, headers, await start(client, headers, COMPANIES))
    after = await stored(resources, COMPANIES)
    assert {record.ref_key for record in after} == before.keys()
    assert all(record.synced_at > before[record.ref_key] for record in after)
    record = next(record for record in after if record.ref_key == changed["Ref_Key"])
    assert (record.data["Description"], record.data_version) == ("Новое имя", "AAAAAgAAAAA=")


async def test_documents_since(
    client: httpx.AsyncClient, resources: Resources, headers: dict[str, str]
) -> None:
    since = "2026-10-01T00:00:00"
    job_id = await start(client, headers, COMPANIES, SALES, documents_since=since)
    job = await ended(client, headers, job_id)
    assert job["documents_since"] == since
    assert len(await stored(resources, COMPANIES)) == 25
    dates = [record.data["Date"] for record in await stored(resources, SALES)]
    assert dates
    assert min(dates) >= since


async def test_what_fails_is_named_and_the_rest_is_copied(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    published_events: PublishedEvents,
) -> None:
    base.hidden_by_rights.add(SALES)
    job_id = await start(client, headers, "Catalog_НетТакого", SALES, COMPANIES)
    job = await ended(client, headers, job_id)
    assert job["status"] == "failed"
    assert [item["status"] for item in job["entity_sets"]] == ["failed", "failed", "completed"]
    assert "does not publish, Catalog_НетТакого" in job["entity_sets"][0]["error"]
    assert "rights" in job["entity_sets"][1]["error"]
    assert len(await stored(resources, COMPANIES)) == 25
    events = await published_events()
    assert [event["type"] for event in events] == ["onec.sync_failed"]
    assert set(events[0]["data"]["errors"]) == {"Catalog_НетТакого", SALES}


async def test_a_passing_failure_is_survived(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    await client.get("/metadata", headers=headers)
    base.failures = [503, 500]
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert job["status"] == "completed"


async def test_a_failed_job_goes_on_where_it_stopped(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await client.get("/metadata", headers=headers)
    base.failures = [0, 403]
    job_id = await start(client, headers, COMPANIES)
    failed = await ended(client, headers, job_id)
    assert failed["status"] == "failed"
    assert failed["entity_sets"][0]["rows_read"] == 10
    base.requests.clear()
    assert (await client.post(f"/sync/{job_id}/resume", headers=headers)).status_code == 202
    job = await ended(client, headers, job_id)
    assert job["status"] == "completed"
    assert job["entity_sets"][0]["error"] is None
    assert [request.query.get("$skip") for request in base.requests] == ["10", "20"]
    assert len(await stored(resources, COMPANIES)) == 25
    assert (await client.post(f"/sync/{job_id}/resume", headers=headers)).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"entity_sets": []},
        {"entity_sets": ["../admin"]},
        {"entity_sets": ["Catalog_Я?$filter=1"]},
        {"entity_sets": ["Catalog_Я(guid'x')"]},
        {"entity_sets": [f"Catalog_{number}" for number in range(51)]},
        {"entity_sets": [COMPANIES], "documents_since": "2026-01-01T00:00:00Z"},
        {"entity_sets": [COMPANIES], "unknown": 1},
    ],
)
async def test_orders_that_are_none(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, object]
) -> None:
    assert (await client.post("/sync/data", json=body, headers=headers)).status_code == 422


async def test_who_may_do_what(
    client: httpx.AsyncClient, headers: dict[str, str], auth_headers: AuthHeaders
) -> None:
    order = {"entity_sets": [COMPANIES]}
    assert (await client.post("/sync/data", json=order)).status_code == 401
    assert (await client.post("/sync/data", json=order, headers=auth_headers())).status_code == 403
    job_id = await start(client, headers, COMPANIES)
    await ended(client, headers, job_id)
    other = auth_headers(role=Role.ANALYST)
    assert (await client.get(f"/sync/{job_id}", headers=other)).status_code == 404
    assert (await client.post(f"/sync/{job_id}/resume", headers=other)).status_code == 404
    assert (await client.get(f"/sync/{uuid4()}", headers=headers)).status_code == 404
    admin = auth_headers(role=Role.ADMIN)
    assert (await client.get(f"/sync/{job_id}", headers=admin)).status_code == 200


async def test_orders_are_not_piled_up(
    client: httpx.AsyncClient, resources: Resources, headers: dict[str, str]
) -> None:
    async with resources.require_database().session() as session:
        far = datetime(2100, 1, 1, tzinfo=UTC)
        for _ in range(MAX_OPEN_JOBS):
            session.add(SyncJob(requested_by=ANALYST, status="running", lease_until=far))
        await session.commit()
    answer = await client.post("/sync/data", json={"entity_sets": [COMPANIES]}, headers=headers)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
