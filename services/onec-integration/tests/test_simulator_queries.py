"""The simulator compares and sorts as 1C does, so that what it answers can be relied on."""

from collections.abc import AsyncIterator

import httpx
import pytest

from onec_integration_testing.copies import TABLE, add_sets
from onec_simulator.base import COMPANIES, SALES, Base


@pytest.fixture
async def raw(simulator: tuple[Base, str], base: Base) -> AsyncIterator[httpx.AsyncClient]:
    add_sets(base, 36)
    auth = httpx.BasicAuth(base.username, base.password)
    async with httpx.AsyncClient(base_url=simulator[1], auth=auth, params={"$format": "json"}) as client:
        yield client


@pytest.mark.parametrize("operator", ["gt", "ge", "lt", "le"])
async def test_references_have_no_order(raw: httpx.AsyncClient, base: Base, operator: str) -> None:
    """1C answers with status 500 and these words."""
    reference = base.entity_sets[COMPANIES].rows[0]["Ref_Key"]
    answer = await raw.get(f"/{COMPANIES}", params={"$filter": f"Ref_Key {operator} guid'{reference}'"})
    assert answer.status_code == 500
    assert "Нельзя сравнивать" in answer.json()["odata.error"]["message"]["value"]
    for equal, count in (("eq", 1), ("ne", 35)):
        answer = await raw.get(f"/{COMPANIES}", params={"$filter": f"Ref_Key {equal} guid'{reference}'"})
        assert len(answer.json()["value"]) == count


async def test_line_numbers_are_numbers_though_they_are_written_as_texts(
    raw: httpx.AsyncClient, base: Base
) -> None:
    rows = base.entity_sets[TABLE].rows
    for number, row in enumerate(rows):
        row["LineNumber"] = str(number + 1)
    answer = await raw.get(f"/{TABLE}", params={"$orderby": "LineNumber desc", "$top": "2"})
    assert [row["LineNumber"] for row in answer.json()["value"]] == ["36", "35"]
    answer = await raw.get(f"/{TABLE}", params={"$filter": "LineNumber ge 9"})
    assert len(answer.json()["value"]) == 28


async def test_what_a_row_does_not_have_comes_first_and_passes_no_filter(
    raw: httpx.AsyncClient, base: Base
) -> None:
    base.entity_sets[SALES].rows[7]["Number"] = None
    answer = await raw.get(f"/{SALES}", params={"$orderby": "Number", "$top": "1"})
    assert answer.json()["value"][0]["Number"] is None
    answer = await raw.get(f"/{SALES}", params={"$filter": "Number ge ''"})
    assert len(answer.json()["value"]) == 35


async def test_one_entity_takes_nothing_that_belongs_to_sets(raw: httpx.AsyncClient, base: Base) -> None:
    reference = base.entity_sets[COMPANIES].rows[0]["Ref_Key"]
    path = f"/{COMPANIES}(guid'{reference}')"
    assert (await raw.get(path)).status_code == 200
    assert (await raw.get(path, params={"allowedOnly": "true"})).status_code == 400
    assert (await raw.get(f"/{COMPANIES}", params={"allowedOnly": "true"})).status_code == 200


async def test_a_refusal_for_everything(raw: httpx.AsyncClient, base: Base) -> None:
    base.refusal = (409, "42", "Нельзя")
    for path in (f"/{COMPANIES}", f"/{COMPANIES}/$count"):
        answer = await raw.get(path)
        assert (answer.status_code, answer.json()["odata.error"]["code"]) == (409, "42")
    assert (await raw.get("/$metadata")).status_code == 200
