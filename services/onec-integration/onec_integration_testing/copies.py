"""Shared code of the copying tests: sets of each kind, jobs, and the stored rows."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import select

from assistants_common.resources import Resources
from onec_integration import records
from onec_integration.metadata import EntitySet as Schema
from onec_integration.models import OneCRecord
from onec_simulator.base import COMPANIES, OBJECT, RATES, SALES, Base, EntitySet, Request, Row, reference

TABLE = f"{SALES}_Товары"
SHARES = "InformationRegister_Доли"
PLACES = "Catalog_Места"
MOVES = "AccumulationRegister_Остатки_RecordType"


def add_sets(base: Base, count: int) -> None:
    """Add objects, documents with equal dates, registers, a table, and sets without a comparable property."""
    base.add_companies(count)
    base.add_sales(count)
    lines = [
        {"Ref_Key": reference("sale", number // 3), "LineNumber": str(number % 3 + 1), "Количество": number}
        for number in range(count)
    ]
    table = {"Ref_Key": "Edm.Guid", "LineNumber": "Edm.Int64", "Количество": "Edm.Double"}
    base.entity_sets[TABLE] = EntitySet(("Ref_Key", "LineNumber"), table, lines)
    rates = [
        {"Period": f"2026-01-{1 + number // 4:02}T00:00:00", "Валюта_Key": reference("currency", number)}
        for number in range(count)
    ]
    of_rates = {"Period": "Edm.DateTime", "Валюта_Key": "Edm.Guid"}
    base.entity_sets[RATES] = EntitySet(("Period", "Валюта_Key"), of_rates, rates)
    shares = [
        {"Лицо_Key": reference("person", number), "Вид": f"Вид{number % 2}", "Доля": number / 8}
        for number in range(count)
    ]
    of_shares = {"Лицо_Key": "Edm.Guid", "Вид": "Edm.String", "Доля": "Edm.Double"}
    base.entity_sets[SHARES] = EntitySet(("Лицо_Key", "Вид"), of_shares, shares)
    places = [
        {"Ref_Key": reference("place", number), "DataVersion": "AAAAAQAAAAA=", "DeletionMark": False}
        for number in range(count)
    ]
    base.entity_sets[PLACES] = EntitySet(("Ref_Key",), dict(OBJECT), places)
    moves = [
        {
            "Recorder": reference("sale", number // 3),
            "Recorder_Type": f"StandardODATA.{SALES}",
            "LineNumber": str(number % 3 + 1),
            "Period": "2026-01-01T00:00:00",
        }
        for number in range(count)
    ]
    of_moves = {
        "Recorder": "Edm.String",
        "Recorder_Type": "Edm.String",
        "LineNumber": "Edm.Int64",
        "Period": "Edm.DateTime",
    }
    base.entity_sets[MOVES] = EntitySet(("Recorder", "LineNumber", "Recorder_Type"), of_moves, moves)


SETS = (COMPANIES, SALES, TABLE, RATES, SHARES, PLACES, MOVES)


def in_order(base: Base, name: str) -> list[Row]:
    """The rows in the order of the pages: by the set's anchor, then by its key."""
    found = base.entity_sets[name]
    anchor = {COMPANIES: "Code", SALES: "Date", TABLE: "LineNumber", RATES: "Period", MOVES: "Period"}.get(
        name
    )
    names = [*([anchor] if anchor else []), *found.key]
    return sorted(found.rows, key=lambda row: [str(row[item]) for item in names])


def key(base: Base, name: str, row: Row) -> str:
    return records.record_key(Schema(name=name, key=base.entity_sets[name].key), row)


@contextmanager
def watching(base: Base, notice: Callable[[Request], None]) -> Iterator[None]:
    """Call `notice` when a request comes, before it is answered."""
    note = base.note

    def noting(request: Request) -> None:
        note(request)
        notice(request)

    base.note = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        del base.note


async def ended(client: httpx.AsyncClient, headers: dict[str, str], job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(120):
        while True:
            job: dict[str, Any] = (await client.get(f"/sync/{job_id}", headers=headers)).json()
            if job["status"] not in {"queued", "running"}:
                return job
            await asyncio.sleep(0.02)


async def synchronize(
    client: httpx.AsyncClient, headers: dict[str, str], *names: str, **more: object
) -> dict[str, Any]:
    """A job that has ended."""
    answer = await client.post("/sync/data", json={"entity_sets": names, **more}, headers=headers)
    answer.raise_for_status()
    return await ended(client, headers, answer.json()["job_id"])


async def resume(client: httpx.AsyncClient, headers: dict[str, str], job: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"/sync/{job['id']}/resume", headers=headers)
    answer.raise_for_status()
    return await ended(client, headers, job["id"])


async def stored(resources: Resources, name: str) -> dict[str, OneCRecord]:
    async with resources.require_database().session() as session:
        found = await session.scalars(select(OneCRecord).where(OneCRecord.entity_set == name))
        return {record.ref_key: record for record in found}


def missing(base: Base, name: str, rows: Sequence[Row], copied: dict[str, OneCRecord]) -> list[Row]:
    return [row for row in rows if key(base, name, row) not in copied]
