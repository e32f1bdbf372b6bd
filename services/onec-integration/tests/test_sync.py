# ruff: noqa: RUF001 - names of 1C are Cyrillic
import asyncio
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders, PublishedEvents
from assistants_testing.waiting import patience
from onec_integration import copying, records
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


async def start(client: httpx.AsyncClient, headers: dict[str, str], *names: str, **more: object) -> str:
    answer = await client.post("/sync/data", json={"entity_sets": names, **more}, headers=headers)
    assert answer.status_code == 202, answer.text
    job_id = str(answer.json()["job_id"])
    assert answer.headers["location"] == job_id
    return job_id


async def ended(client: httpx.AsyncClient, headers: dict[str, str], job_id: str) -> dict[str, Any]:
    async with patience():
        while True:
            job: dict[str, Any] = (await client.get(f"/sync/{job_id}", headers=headers)).json()
            if job["status"] not in {"queued", "running"}:
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
    assert (job["percent"], job["rows_read"], job["rows_stored"]) == (100, 65, 65)
    assert (job["pages"], job["error"]) == (3 + 4 + 2, None)
    assert {request.method for request in base.requests} == {"GET"}
    assert {request.request_id for request in base.requests} == {job["request_id"]}
    companies = await stored(resources, COMPANIES)
    assert {record.ref_key for record in companies} == {
        row["Ref_Key"] for row in base.entity_sets[COMPANIES].rows
    }
    assert companies[0].data_version == "AAAAAQAAAAA="
    sales = await stored(resources, SALES)
    assert sales[0].data["Товары"][0]["Количество"] == 2
    rates = await stored(resources, RATES)
    assert len(rates) == 10
    assert len({record.data_version for record in rates}) == 10
    events = await published_events()
    assert [event["type"] for event in events] == ["onec.sync_completed"]
    assert events[0]["user_id"] == str(ANALYST)
    assert events[0]["data"] == {
        "job_id": job_id,
        "entity_sets": [COMPANIES, SALES, RATES],
        "rows_read": 65,
        "rows_stored": 65,
    }
    assert events[0]["request_id"] == job["request_id"]


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


async def test_a_second_time_only_versions_are_read(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, COMPANIES))
    base.change(base.entity_sets[COMPANIES].rows[7], {"DeletionMark": True})
    base.requests.clear()
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert (job["rows_read"], job["rows_stored"], job["entity_sets"][0]["rows_missing"]) == (25, 1, 0)
    in_full = [
        item.query for item in base.requests if "$format" in item.query and "$select" not in item.query
    ]
    reference = base.entity_sets[COMPANIES].rows[7]["Ref_Key"]
    assert [query["$filter"] for query in in_full] == [f"Ref_Key eq guid'{reference}'"]
    changed = [record.ref_key for record in await stored(resources, COMPANIES) if record.data["DeletionMark"]]
    assert set(changed) == {reference, base.entity_sets[COMPANIES].rows[0]["Ref_Key"]}


async def test_many_changes_are_read_page_by_page(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "ROWS_OF_A_REQUEST", 3)
    await ended(client, headers, await start(client, headers, COMPANIES))
    rows = sorted(base.entity_sets[COMPANIES].rows, key=itemgetter("Code"))
    for row in rows[:5]:
        base.change(row, {"Description": "Новое имя"})
    base.requests.clear()
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert job["rows_stored"] == 5
    in_full = [
        item.query for item in base.requests if "$format" in item.query and "$select" not in item.query
    ]
    assert ["$filter" in query for query in in_full] == [False]


async def test_all_rows_in_full_when_it_is_ordered(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, COMPANIES))
    job = await ended(client, headers, await start(client, headers, COMPANIES, full=True))
    assert (job["full"], job["rows_stored"]) == (True, 25)


async def test_what_was_erased_is_marked_and_what_came_back_is_not(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, COMPANIES))
    erased = base.entity_sets[COMPANIES].rows.pop(4)
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert job["entity_sets"][0]["rows_missing"] == 1
    missing = {item.ref_key for item in await stored(resources, COMPANIES) if item.missing_since}
    assert missing == {erased["Ref_Key"]}
    again = await ended(client, headers, await start(client, headers, COMPANIES))
    assert again["entity_sets"][0]["rows_missing"] == 0
    base.entity_sets[COMPANIES].rows.append(erased)
    await ended(client, headers, await start(client, headers, COMPANIES))
    assert not any(item.missing_since for item in await stored(resources, COMPANIES))


async def test_a_row_that_changed_places_is_not_taken_for_erased(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One row is erased while the pages are read, so that the first of the next page slips into this one."""
    await ended(client, headers, await start(client, headers, COMPANIES))
    rows = base.entity_sets[COMPANIES].rows
    rows.sort(key=itemgetter("Code"))
    touch, first, slipped = records.touch, rows[0], rows[10]

    async def erase_between_pages(*arguments: Any) -> None:  # noqa: ANN401 - passed on
        if first in rows:
            rows.remove(first)
        await touch(*arguments)

    monkeypatch.setattr(records, "touch", erase_between_pages)
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert job["entity_sets"][0]["rows_missing"] == 0
    assert job["entity_sets"][0]["rows_read"] == 25
    seen = {item.ref_key: item for item in await stored(resources, COMPANIES)}
    assert seen[slipped["Ref_Key"]].synced_at > seen[first["Ref_Key"]].synced_at


async def test_rows_without_versions_are_stored_when_they_changed(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, RATES))
    base.entity_sets[RATES].rows[2]["Курс"] = 100.5
    job = await ended(client, headers, await start(client, headers, RATES))
    assert (job["rows_read"], job["rows_stored"]) == (10, 1)
    assert 100.5 in {record.data["Курс"] for record in await stored(resources, RATES)}
    full = await ended(client, headers, await start(client, headers, RATES, full=True))
    assert full["rows_stored"] == 10


async def test_rows_of_registers_that_are_gone(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    await ended(client, headers, await start(client, headers, RATES))
    base.entity_sets[RATES].rows.pop(3)
    job = await ended(client, headers, await start(client, headers, RATES))
    assert job["entity_sets"][0]["rows_missing"] == 1
    assert len([item for item in await stored(resources, RATES) if item.missing_since]) == 1


async def test_rows_of_registers_that_may_have_moved_are_left_alone(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await ended(client, headers, await start(client, headers, RATES))
    rates, store = base.entity_sets[RATES].rows, records.store

    async def erase_after_a_page(*arguments: Any) -> None:  # noqa: ANN401 - passed on
        rates.pop()
        await store(*arguments)

    monkeypatch.setattr(records, "store", erase_after_a_page)
    job = await ended(client, headers, await start(client, headers, RATES))
    assert job["entity_sets"][0]["rows_missing"] == 0
    assert not any(item.missing_since for item in await stored(resources, RATES))


async def test_a_base_that_does_not_count(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    await client.get("/metadata", headers=headers)
    base.failures = [403]
    job = await ended(client, headers, await start(client, headers, COMPANIES))
    assert job["status"] == "completed"
    assert job["entity_sets"][0]["rows_total"] is None


async def test_documents_since(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    since = "2026-10-01"
    job_id = await start(client, headers, COMPANIES, SALES, documents_since=since)
    job = await ended(client, headers, job_id)
    assert job["documents_since"] == since
    assert len(await stored(resources, COMPANIES)) == 25
    dates = [record.data["Date"] for record in await stored(resources, SALES)]
    assert dates
    assert min(dates) >= since
    await ended(client, headers, await start(client, headers, SALES))
    later = await ended(client, headers, await start(client, headers, SALES, documents_since=since))
    assert later["entity_sets"][0]["rows_missing"] == 0


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
    base.failures = [0, 0, 403]
    job_id = await start(client, headers, COMPANIES)
    failed = await ended(client, headers, job_id)
    assert failed["status"] == "failed"
    assert failed["entity_sets"][0]["rows_read"] == 10
    base.requests.clear()
    assert (await client.post(f"/sync/{job_id}/resume", headers=headers)).status_code == 202
    job = await ended(client, headers, job_id)
    assert job["status"] == "completed"
    assert job["entity_sets"][0]["error"] is None
    pages = [request for request in base.requests if "$top" in request.query]
    assert [request.query.get("$filter") for request in pages] == [
        "Code ge '000000009'",
        "Code ge '000000019'",
    ]
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
        {"entity_sets": ["Catalog_\x00"]},
        {"entity_sets": [COMPANIES], "documents_since": "2026-01-01T00:00:00Z"},
        {"entity_sets": [COMPANIES], "documents_since": "2026-02-30"},
        {"entity_sets": [COMPANIES], "documents_since": 0},
        {"entity_sets": [COMPANIES], "full": "yes"},
        {"entity_sets": [COMPANIES], "unknown": 1},
    ],
)
async def test_orders_that_are_none(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, object]
) -> None:
    assert (await client.post("/sync/data", json=body, headers=headers)).status_code == 422


async def test_who_may_order(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    order = {"entity_sets": [COMPANIES]}
    assert (await client.post("/sync/data", json=order)).status_code == 401
    assert (await client.post("/sync/data", json=order, headers=auth_headers())).status_code == 403
    for action in ("resume", "cancel"):
        path = f"/sync/{uuid4()}/{action}"
        assert (await client.post(path)).status_code == 401
        assert (await client.post(path, headers=auth_headers())).status_code == 403
        assert (await client.post(path, headers=auth_headers(role=Role.ANALYST))).status_code == 404


async def test_another_users_sync_is_not_shown(
    client: httpx.AsyncClient, headers: dict[str, str], auth_headers: AuthHeaders
) -> None:
    job_id = await start(client, headers, COMPANIES)
    await ended(client, headers, job_id)
    for role in (Role.USER, Role.ANALYST):
        answer = await client.get(f"/sync/{job_id}", headers=auth_headers(role=role))
        nothing = await client.get(f"/sync/{uuid4()}", headers=auth_headers(role=role))
        assert answer.status_code == nothing.status_code == 404
        assert answer.json()["detail"] == nothing.json()["detail"]
    admin = auth_headers(role=Role.ADMIN)
    assert (await client.get(f"/sync/{job_id}", headers=admin)).status_code == 200


async def test_another_users_sync_is_not_resumed_or_cancelled(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str], auth_headers: AuthHeaders
) -> None:
    base.answers_left = 0
    job_id = await start(client, headers, COMPANIES)
    other = auth_headers(role=Role.ANALYST)
    assert (await client.post(f"/sync/{job_id}/cancel", headers=other)).status_code == 404
    assert (await client.post(f"/sync/{job_id}/resume", headers=other)).status_code == 404
    base.answers_left = None
    assert (await ended(client, headers, job_id))["status"] == "completed"


async def test_another_users_syncs_are_not_listed(
    client: httpx.AsyncClient, headers: dict[str, str], auth_headers: AuthHeaders
) -> None:
    mine = [await start(client, headers, RATES) for _ in range(3)]
    other = auth_headers(role=Role.ANALYST)
    theirs = await start(client, other, RATES)
    for each, job_id in [*((headers, job_id) for job_id in mine), (other, theirs)]:
        await ended(client, each, job_id)
    page = (await client.get("/sync?limit=2", headers=headers)).json()
    assert (page["total"], [job["id"] for job in page["items"]]) == (3, mine[:0:-1])
    assert [job["id"] for job in (await client.get("/sync", headers=other)).json()["items"]] == [theirs]
    assert (await client.get("/sync", headers=auth_headers())).json()["total"] == 0
    everything = await client.get("/sync", headers=auth_headers(role=Role.ADMIN))
    assert {job["id"] for job in everything.json()["items"]} == {*mine, theirs}


async def test_a_sync_is_cancelled_and_resumed(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    published_events: PublishedEvents,
) -> None:
    base.answers_left = 3
    job_id = await start(client, headers, COMPANIES, SALES)
    async with patience():
        while not await stored(resources, COMPANIES):
            await asyncio.sleep(0.02)
    cancelled = await client.post(f"/sync/{job_id}/cancel", headers=headers)
    assert cancelled.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    assert [item["status"] for item in cancelled.json()["entity_sets"]] == ["cancelled", "cancelled"]
    assert 0 < cancelled.json()["entity_sets"][0]["percent"] < 100
    again = await client.post(f"/sync/{job_id}/cancel", headers=headers)
    assert again.json() == cancelled.json()
    base.answers_left = None
    other = await start(client, headers, RATES)
    await ended(client, headers, other)
    rows = len(await stored(resources, COMPANIES))
    assert rows < 25
    assert (await client.post(f"/sync/{job_id}/resume", headers=headers)).status_code == 202
    job = await ended(client, headers, job_id)
    assert (job["status"], job["rows_read"]) == ("completed", 55)
    assert len(await stored(resources, COMPANIES)) == 25
    assert (await client.post(f"/sync/{job_id}/cancel", headers=headers)).status_code == 409
    assert [event["type"] for event in await published_events()] == ["onec.sync_completed"] * 2


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
