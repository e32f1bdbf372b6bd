# ruff: noqa: S311 - names of 1C are Cyrillic, and random rows are no secrets
"""Rows change during a reading: the job copies every row that stays, or does not report success."""

from collections import Counter
from collections.abc import Callable
from random import Random
from uuid import uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from onec_integration_testing import copies
from onec_integration_testing.copies import MOVES, PLACES, SETS, SHARES, TABLE, missing, stored, synchronize
from onec_simulator.base import COMPANIES, RATES, SALES, Base, Request, Row, reference

COUNT = 45
"""Four pages of ten, and half a one."""


@pytest.fixture
async def headers(
    client: httpx.AsyncClient, clean_tables: None, base: Base, auth_headers: AuthHeaders
) -> dict[str, str]:
    copies.add_sets(base, COUNT)
    found = auth_headers(uuid4(), Role.ANALYST)
    await client.get("/metadata", headers=found)
    return found


class Disturbance:
    """Changes each of some sets before the server answers a page of a given number."""

    def __init__(self, base: Base, page: int, change: Callable[[list[Row], list[Row]], None]) -> None:
        self._base, self._page, self._change = base, page, change
        self._pages: Counter[str] = Counter()

    def __call__(self, request: Request) -> None:
        if "$top" not in request.query:
            return
        self._pages[request.path] += 1
        if self._pages[request.path] == self._page:
            rows = self._base.entity_sets[request.path].rows
            self._change(rows, copies.in_order(self._base, request.path))


def erase(*places: int) -> Callable[[list[Row], list[Row]], None]:
    def change(rows: list[Row], ordered: list[Row]) -> None:
        for place in places:
            rows.remove(ordered[place])

    return change


DISTURBANCES = {
    "the first row": (2, erase(0)),
    "the row read last": (2, erase(9)),
    "some rows": (3, erase(0, 3, 5, 12, 19)),
    "more than a page": (4, erase(*range(15))),
    "all that was read": (3, erase(*range(20))),
    "all but the last page": (5, erase(*range(40))),
    "rows yet to come": (2, erase(10, 11, 30)),
    "the last page": (5, erase(*range(40, 45))),
}


async def lost(base: Base, resources: Resources, *names: str) -> dict[str, list[Row]]:
    """The rows of each set that 1C has and that are not stored."""
    found = {
        name: missing(base, name, base.entity_sets[name].rows, await stored(resources, name))
        for name in names
    }
    return {name: rows for name, rows in found.items() if rows}


@pytest.mark.parametrize("what", DISTURBANCES)
async def test_rows_that_are_erased_meanwhile(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str], what: str
) -> None:
    with copies.watching(base, Disturbance(base, *DISTURBANCES[what])):
        job = await synchronize(client, headers, *SETS)
    assert (job["status"], job["error"]) == ("completed", None)
    assert await lost(base, resources, *SETS) == {}
    for item in job["entity_sets"]:
        assert COUNT >= item["rows_read"] >= len(base.entity_sets[item["entity_set"]].rows) < COUNT


@pytest.mark.parametrize("seed", range(3))
async def test_rows_that_are_erased_all_the_time(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str], seed: int
) -> None:
    random = Random(seed)

    def some(request: Request) -> None:
        if "$top" in request.query:
            rows = base.entity_sets[request.path].rows
            for _ in range(min(random.randrange(4), len(rows) - 5)):
                rows.pop(random.randrange(len(rows)))

    with copies.watching(base, some):
        job = await synchronize(client, headers, *SETS)
    assert (job["status"], await lost(base, resources, *SETS)) == ("completed", {}), seed


async def test_a_row_that_moves_to_where_was_read_already(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    def to_the_front(rows: list[Row], ordered: list[Row]) -> None:
        base.change(ordered[-1], {"Code": "000000000", "Date": "2000-01-01T00:00:00"})

    with copies.watching(base, Disturbance(base, 3, to_the_front)):
        job = await synchronize(client, headers, COMPANIES, SALES)
    assert job["status"] == "completed"
    assert await lost(base, resources, COMPANIES, SALES) == {}


async def test_rows_that_come_while_the_last_page_is_read(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    late: dict[str, list[Row]] = {}
    for name in SETS:
        rows = base.entity_sets[name].rows
        late[name] = [rows.pop(rows.index(row)) for row in copies.in_order(base, name)[-15:]]
    counts: Counter[str] = Counter()

    def come(request: Request) -> None:
        name, _, counted = request.path.partition("/$")
        counts[name] += counted == "count"
        if counts[name] == 2:
            base.entity_sets[name].rows.extend(late.pop(name, []))

    with copies.watching(base, come):
        job = await synchronize(client, headers, *SETS)
    assert job["status"] == "completed"
    assert [item["rows_read"] for item in job["entity_sets"]] == [COUNT] * len(SETS)
    assert await lost(base, resources, *SETS) == {}


async def test_a_set_that_never_comes_to_rest(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    """Before each page a company gets a new number, always among the rows already read."""
    moved = 0

    def move(request: Request) -> None:
        nonlocal moved
        if "$top" in request.query and "$orderby" in request.query:
            moved += 1
            base.change(copies.in_order(base, COMPANIES)[-1], {"Code": f"0000000000{9999 - moved}"})

    with copies.watching(base, move):
        job = await synchronize(client, headers, COMPANIES)
    assert (job["status"], job["error"]) == ("completed", None)
    assert await lost(base, resources, COMPANIES) == {}


@pytest.mark.parametrize("name", [COMPANIES, SHARES])
async def test_an_empty_page_is_no_proof_of_an_empty_set(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str], name: str
) -> None:
    """1C counts rows and lists none: for objects the job fails; for registers this can be normal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onec_simulator.server.select", lambda *_arguments, **_options: ([], 0))
        job = await synchronize(client, headers, name)
    if name == SHARES:
        assert job["status"] == "completed"
        return
    assert job["status"] == "failed"
    assert f"1C counts {COUNT} rows of {COMPANIES} and listed 0" in job["error"]
    job = await copies.resume(client, headers, job)
    assert (job["status"], job["rows_read"]) == ("completed", COUNT)
    assert len(await stored(resources, name)) == COUNT


@pytest.mark.parametrize("places", [(0,), (12,), tuple(range(25))])
async def test_more_rows_of_one_value_than_a_page_has(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    places: tuple[int, ...],
) -> None:
    names = (SALES, RATES, TABLE, MOVES)
    same = {"Date": "2026-05-05T00:00:00", "Period": "2026-05-05T00:00:00", "LineNumber": "1"}
    for name in names:
        for number, row in enumerate(base.entity_sets[name].rows):
            row.update({item: value for item, value in same.items() if item in row})
            if name in {TABLE, MOVES}:
                row["Ref_Key" if name == TABLE else "Recorder"] = reference("sale", number)
    with copies.watching(base, Disturbance(base, 4, erase(*places))):
        job = await synchronize(client, headers, *names)
    assert job["status"] == "completed"
    assert await lost(base, resources, *names) == {}


async def test_the_second_time_as_the_first(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    names = (COMPANIES, PLACES)
    await synchronize(client, headers, *names)
    for name in names:
        for row in base.entity_sets[name].rows:
            base.change(row, {"DeletionMark": True})
    with copies.watching(base, Disturbance(base, 3, erase(0, 1, 2))):
        job = await synchronize(client, headers, *names)
    assert job["status"] == "completed"
    for name in names:
        copied = await stored(resources, name)
        for row in base.entity_sets[name].rows:
            assert copied[row["Ref_Key"]].data_version == row["DataVersion"]
