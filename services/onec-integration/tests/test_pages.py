"""How the pages of a set go: by values that 1C can compare, in sizes that it can answer."""

from uuid import uuid4

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from onec_integration import client as onec_client
from onec_integration import odata
from onec_integration.addresses import AddressGuard
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.metadata import EntitySet as Schema
from onec_integration.paging import Pages, Position, anchor_of
from onec_integration.reading import ROWS_OF_A_REQUEST
from onec_integration.settings import Settings
from onec_integration_testing import copies
from onec_integration_testing.copies import MOVES, PLACES, SETS, SHARES, TABLE, missing, stored, synchronize
from onec_simulator import queries
from onec_simulator.base import (
    COMPANIES,
    OBJECT,
    RATES,
    SALES,
    Base,
    EntitySet,
    Request,
    data_version,
    reference,
)

FILES = "Catalog_Вложения"
ADDRESS = 2048
"""Characters of a query that IIS takes."""


@pytest.fixture
async def headers(
    client: httpx.AsyncClient, clean_tables: None, base: Base, auth_headers: AuthHeaders
) -> dict[str, str]:
    copies.add_sets(base, 60)
    return auth_headers(uuid4(), Role.ANALYST)


def test_anchors(base: Base) -> None:
    copies.add_sets(base, 1)
    found = {
        name: anchor_of(Schema(name=name, key=item.key, fields=item.properties))
        for name, item in base.entity_sets.items()
    }
    assert found == {
        COMPANIES: "Code",
        SALES: "Date",
        TABLE: "LineNumber",
        RATES: "Period",
        MOVES: "Period",
        SHARES: None,
        PLACES: None,
    }


@pytest.mark.parametrize(
    ("key", "fields", "anchor"),
    [
        (("Ref_Key",), {"Ref_Key": "Edm.Guid", "Description": "Edm.String"}, "Description"),
        (("Ref_Key",), {"Ref_Key": "Edm.Guid", "Code": "Edm.Double"}, "Code"),
        (("Ref_Key",), {"Ref_Key": "Edm.Guid", "Code": "Edm.String", "Code_Type": "Edm.String"}, None),
        (("Recorder", "Recorder_Type"), {"Recorder": "Edm.String", "Recorder_Type": "Edm.String"}, None),
        (("Вид", "Год"), {"Вид": "Edm.String", "Год": "Edm.Int16"}, "Год"),
        (("Вид",), {"Вид": "StandardODATA.Виды"}, None),
        (("SurrogateKey",), {"SurrogateKey": "Edm.String", "Value": "Edm.String"}, None),
        (("x",), {}, None),
    ],
)
def test_only_what_1c_compares_as_it_sorts(
    key: tuple[str, ...], fields: dict[str, str], anchor: str | None
) -> None:
    assert anchor_of(Schema(name="Catalog_Я", key=key, fields=fields)) == anchor


async def copied_in_full(base: Base, resources: Resources, *names: str) -> bool:
    found = [
        missing(base, name, base.entity_sets[name].rows, await stored(resources, name)) for name in names
    ]
    return not any(found)


async def test_pages_that_take_longer_the_more_rows_they_skip(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    names = (COMPANIES, SALES, TABLE, RATES)
    base.seconds_a_skipped_row = 0.03
    for _ in range(2):
        job = await synchronize(client, headers, *names)
        assert (job["status"], job["rows_read"]) == ("completed", 4 * 60), job["error"]
    assert await copied_in_full(base, resources, *names)
    assert max(int(request.query.get("$skip", 0)) for request in base.requests) < 25


async def test_pages_that_can_only_be_skipped_to_are_waited_for(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    """Nothing in the set can be compared, so that the last page takes longer than the limit of 1 s."""
    del base.entity_sets[SHARES].rows[24:]
    base.seconds_a_skipped_row = 0.06
    job = await synchronize(client, headers, SHARES)
    assert (job["status"], job["rows_read"]) == ("completed", 24), job["error"]
    assert await copied_in_full(base, resources, SHARES)


async def test_a_server_that_does_not_compare(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: object) -> None:
        raise queries.CompareError("Нельзя сравнивать")

    monkeypatch.setattr(queries, "_comparison", refuse)
    job = await synchronize(client, headers, *SETS)
    assert (job["status"], job["rows_read"]) == ("completed", 60 * len(SETS))
    assert await copied_in_full(base, resources, *SETS)


async def test_a_server_that_compares_otherwise_than_it_sorts(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It finds nothing, and says so without an error, as 1C does for references that are texts."""
    monkeypatch.setitem(queries._OPERATORS, "ge", lambda _one, _other: False)
    job = await synchronize(client, headers, COMPANIES, SALES, RATES)
    assert job["status"] == "completed"
    assert await copied_in_full(base, resources, COMPANIES, SALES, RATES)


async def test_a_server_that_does_not_look_at_case(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number, row in enumerate(base.entity_sets[COMPANIES].rows):
        row["Code"] = "ёж" if number % 2 else "ЁЖ "
    value = queries._value

    def folded(*arguments: object) -> object:
        found = value(*arguments)  # type: ignore[arg-type]
        return found.casefold().rstrip() if isinstance(found, str) else found

    monkeypatch.setattr(queries, "_value", folded)
    literal = queries._LITERALS["string"]
    monkeypatch.setitem(queries._LITERALS, "string", lambda text: literal(text).casefold().rstrip())
    job = await synchronize(client, headers, COMPANIES)
    assert (job["status"], job["rows_read"]) == ("completed", 60)
    assert len(await stored(resources, COMPANIES)) == 60


async def test_rows_that_have_no_value_to_go_by(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    for number, row in enumerate(base.entity_sets[COMPANIES].rows):
        row["Code"] = [None, "", "x" * 400][number % 3]
    job = await synchronize(client, headers, COMPANIES)
    assert (job["status"], len(await stored(resources, COMPANIES))) == ("completed", 60)


@pytest.mark.parametrize("since", [None, "2020-01-01", "2026-07-01"])
async def test_tables_of_documents_have_no_date_to_filter_by(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str], since: str | None
) -> None:
    more = {} if since is None else {"documents_since": since}
    for _ in range(2):
        job = await synchronize(client, headers, SALES, TABLE, RATES, **more)
        assert (job["status"], job["error"]) == ("completed", None)
        assert [item["rows_missing"] for item in job["entity_sets"]] == [0, 0, 0]
    assert len(await stored(resources, TABLE)) == 60
    expected = [row for row in base.entity_sets[SALES].rows if since is None or row["Date"] >= since]
    assert set(await stored(resources, SALES)) == {row["Ref_Key"] for row in expected}


def add_files(base: Base, sizes: list[int], *, type_: str = "Edm.Binary") -> None:
    rows = [
        {
            "Ref_Key": reference("file", number),
            "DataVersion": data_version(1),
            "DeletionMark": False,
            "Description": f"file {number}",
            "Файл_Base64Data": "Q" * size,
            "Файл_Type": "application/octet-stream",
        }
        for number, size in enumerate(sizes)
    ]
    properties = {
        **OBJECT,
        "Description": "Edm.String",
        "Файл_Base64Data": type_,
        "Файл_Type": "Edm.String",
    }
    base.entity_sets[FILES] = EntitySet(("Ref_Key",), properties, rows)


@pytest.mark.parametrize("changed", [1, 3, 25], ids=lambda changed: f"{changed} changed")
async def test_pages_that_are_too_long_are_made_smaller(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    changed: int,
) -> None:
    monkeypatch.setattr(onec_client, "MAX_ANSWER_BYTES", 60_000)
    add_files(base, [10_000, 50_000, 10, 10, 40_000] * 5)
    job = await synchronize(client, headers, FILES)
    assert (job["status"], job["error"]) == ("completed", None)
    copied = await stored(resources, FILES)
    assert {len(record.data["Файл_Base64Data"]) for record in copied.values()} == {10_000, 50_000, 10, 40_000}
    for row in base.entity_sets[FILES].rows[:changed]:
        base.change(row, {"Description": "new"})
    again = await synchronize(client, headers, FILES)
    assert (again["status"], again["rows_stored"]) == ("completed", changed)
    full = await synchronize(client, headers, FILES, full=True)
    assert (full["status"], full["rows_stored"]) == ("completed", 25)


async def test_a_row_that_is_too_long_comes_without_its_file(
    client: httpx.AsyncClient,
    base: Base,
    resources: Resources,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onec_client, "MAX_ANSWER_BYTES", 60_000)
    add_files(base, [10_000] * 11 + [100_000] + [10_000] * 11)
    job = await synchronize(client, headers, FILES)
    assert (job["status"], job["error"]) == ("completed", None)
    copied = await stored(resources, FILES)
    assert len(copied) == 23
    assert "Файл_Base64Data" not in copied[reference("file", 11)].data
    assert copied[reference("file", 11)].data["Description"] == "file 11"
    base.change(base.entity_sets[FILES].rows[11], {"Description": "new"})
    again = await synchronize(client, headers, FILES)
    assert (again["status"], again["rows_stored"]) == ("completed", 1)
    assert (await stored(resources, FILES))[reference("file", 11)].data["Description"] == "new"


async def test_a_row_that_is_too_long_as_a_whole_is_named(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onec_client, "MAX_ANSWER_BYTES", 60_000)
    add_files(base, [10, 100_000], type_="Edm.String")
    job = await synchronize(client, headers, FILES)
    assert job["status"] == "failed"
    assert "longer than 60000 bytes" in job["error"]
    assert FILES in job["error"]


@pytest.mark.parametrize("failures", [[500], [502], [504], [503, 500]])
async def test_metadata_is_asked_for_again_as_the_rest_is(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str], failures: list[int]
) -> None:
    base.failures = failures
    job = await synchronize(client, headers, COMPANIES)
    assert (job["status"], job["error"]) == ("completed", None)
    assert base.requests[0].path == "$metadata"


async def test_a_base_that_wakes_up_slowly_is_waited_for(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    def awake(_request: Request) -> None:
        base.delay_seconds = 1.5 if len(base.requests) == 1 else 0

    with copies.watching(base, awake):
        job = await synchronize(client, headers, COMPANIES)
    assert (job["status"], job["error"]) == ("completed", None)


async def test_metadata_may_take_longer_than_the_rest(
    settings: Settings, base: Base, guard: AddressGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onec_client, "_METADATA_PATIENCE", 60)
    base.add_companies(1)
    client = OneCClient(settings.model_copy(update={"onec_timeout_seconds": 1}), guard)
    base.delay_seconds = 1.5
    assert list((await client.read_schema()).entity_sets) == [COMPANIES]
    base.answers_left = 0
    with pytest.raises(OneCError) as caught:
        await client.read(COMPANIES, odata.Query(top=1))
    assert caught.value.code == "onec_timeout"
    base.delay_seconds, base.answers_left = 0, None
    await client.close()


def test_addresses_stay_short() -> None:
    """The longest that any query of a reading takes, in the letters that take most of an address."""
    dimensions = tuple(f"{'Щ' * 40}{number}" for number in range(12))
    fields = {"Period": "Edm.DateTime", **dict.fromkeys(dimensions, "Edm.String")}
    register = Schema(name="InformationRegister_Я", key=("Period", *dimensions), fields=fields)
    catalog = Schema(
        name="Catalog_Я", key=("Ref_Key",), fields={"Ref_Key": "Edm.Guid", "Description": "Edm.String"}
    )
    since = "Date ge datetime'2026-01-01T00:00:00'"
    references = odata.one_of([str(uuid4()) for _ in range(ROWS_OF_A_REQUEST)])
    longest = [
        Pages(register, since).query(Position(value="2026-01-01T00:00:00", skip=10**9, listed=1), 5000),
        Pages(catalog, since).query(Position(value="Щ" * 150, skip=10**9, listed=1), 5000),
        odata.Query(top=ROWS_OF_A_REQUEST, where=references),
    ]
    for query in longest:
        parameters = {"$format": "json", "allowedOnly": "true", **query.parameters()}
        assert len(odata.encode_query(parameters)) <= ADDRESS


async def test_a_resumed_job_goes_on_by_value(
    client: httpx.AsyncClient, base: Base, resources: Resources, headers: dict[str, str]
) -> None:
    """What was read stays read, also when rows of it were erased in between."""
    await client.get("/metadata", headers=headers)
    base.failures = [0, 0, 0, 403]
    job = await synchronize(client, headers, SALES)
    assert (job["status"], job["rows_read"]) == ("failed", 20)
    for row in copies.in_order(base, SALES)[:12]:
        base.entity_sets[SALES].rows.remove(row)
    base.requests.clear()
    job = await copies.resume(client, headers, job)
    assert job["status"] == "completed"
    assert missing(base, SALES, base.entity_sets[SALES].rows, await stored(resources, SALES)) == []
    pages = [request for request in base.requests if "$orderby" in request.query]
    assert len(pages) <= 6
