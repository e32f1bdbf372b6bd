# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""The simulator has the quirks of 1C, also those this service does not meet."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree  # type: ignore[import-untyped]

from assistants_testing import processes
from assistants_testing.service_process import environment
from assistants_testing.waiting import PATIENCE_SECONDS
from onec_simulator.__main__ import Credentials, parse_options
from onec_simulator.base import COMPANIES, NO_DATE, RATES, SALES, Base, Request
from onec_simulator.demo import GOODS, MOVEMENTS, PERSONS, RECEIPTS, demo_base
from onec_simulator.server import ROOT

JSON = {"$format": "json"}
METADATA = {"m": "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"}


@pytest.fixture
async def raw(simulator: tuple[Base, str], base: Base) -> AsyncIterator[httpx.AsyncClient]:
    base.add_companies(3)
    base.add_sales(2)
    auth = httpx.BasicAuth(base.username, base.password)
    async with httpx.AsyncClient(base_url=simulator[1], auth=auth) as client:
        yield client


async def rows(client: httpx.AsyncClient, entity_set: str, **options: str) -> list[dict[str, Any]]:
    query = {**JSON, **{f"${name}": value for name, value in options.items()}}
    answer = await client.get(f"/{entity_set}", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


async def test_atom_unless_json_is_asked_for(raw: httpx.AsyncClient) -> None:
    atom = await raw.get(f"/{COMPANIES}", headers={"Accept": "*/*"})
    assert atom.headers["content-type"].startswith("application/atom+xml")
    entries = etree.fromstring(atom.content).findall(".//m:properties", METADATA)
    assert len(entries) == 3
    assert "Ромашка" in atom.text
    as_json = await raw.get(f"/{COMPANIES}", params={**JSON, "$inlinecount": "allpages"})
    assert as_json.json()["odata.count"] == "3"


async def test_atom_has_tables_of_documents(raw: httpx.AsyncClient) -> None:
    atom = await raw.get(f"/{SALES}", headers={"Accept": "*/*"})
    assert "<d:element><d:LineNumber>1</d:LineNumber>" in atom.text
    assert "<d:Posted>true</d:Posted>" in atom.text


async def test_a_version_conflict(raw: httpx.AsyncClient, base: Base) -> None:
    row = base.entity_sets[COMPANIES].rows[0]
    path, version = f"/{COMPANIES}(guid'{row['Ref_Key']}')", row["DataVersion"]
    stale = await raw.patch(path, headers={"If-Match": "old"}, json={"Description": "Новое"})
    assert stale.status_code == 412
    changed = await raw.patch(
        path, params=JSON, headers={"If-Match": f'W/"{version}"'}, json={"Description": "Новое"}
    )
    assert changed.json()["Description"] == "Новое"
    assert changed.json()["DataVersion"] != version
    assert (await raw.patch(path, json={"Цвет": 1})).status_code == 400
    assert (await raw.delete(path, headers={"If-Match": version})).status_code == 412
    assert (await raw.delete(path, headers={"If-Match": row["DataVersion"]})).status_code == 204
    assert len(base.entity_sets[COMPANIES].rows) == 2
    missing = await raw.get(path, headers={"Accept": "*/*"})
    assert missing.status_code == 404
    assert "m:error" in missing.text


async def test_sessions(raw: httpx.AsyncClient, base: Base) -> None:
    await raw.get(f"/{COMPANIES}")
    assert base.sessions == {}
    await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})
    assert {raw.cookies["ibsession"]} == base.sessions.keys()
    await raw.get("/", headers={"IBSession": "finish"})
    assert base.sessions == {}
    assert (await raw.get(f"/{COMPANIES}")).status_code == 400
    raw.cookies.clear()
    base.max_sessions = 0
    assert (await raw.get(f"/{COMPANIES}")).status_code == 503
    assert (await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})).status_code == 406


async def test_a_session_nobody_uses_is_gone(raw: httpx.AsyncClient, base: Base) -> None:
    base.max_sessions = 1
    await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})
    raw.cookies.clear()
    assert (await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})).status_code == 406
    base.session_idle_seconds = -1
    assert (await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})).status_code == 200


async def test_queries(raw: httpx.AsyncClient, base: Base) -> None:
    base.add_sales(6)
    numbers = [row["Number"] for row in await rows(raw, SALES, orderby="Number desc", top="2", skip="1")]
    assert numbers == ["000000004", "000000003"]
    first, second = (row["Ref_Key"] for row in base.entity_sets[SALES].rows[:2])
    either = f"Ref_Key eq guid'{first.upper()}' or Ref_Key eq guid'{second}' and Number ne '000000001'"
    assert await rows(raw, SALES, filter=either, select="Ref_Key") == [{"Ref_Key": first}]
    since = "Date ge datetime'2026-03-01T00:00:00' and Date lt datetime'2026-05-01T00:00:00'"
    assert [row["Number"] for row in await rows(raw, SALES, filter=since)] == ["000000002", "000000003"]
    assert len(await rows(raw, SALES, filter="СуммаДокумента gt 1003")) == 3
    assert len(await rows(raw, SALES, filter="Posted eq true and DeletionMark eq true")) == 0
    assert await rows(raw, SALES, filter="Number eq 'it''s'") == []
    counted = await raw.get(f"/{SALES}/$count", params={"$filter": since})
    assert counted.text == "2"
    assert [entry["name"] for entry in await rows(raw, "")] == [COMPANIES, SALES]


@pytest.mark.parametrize(
    "query",
    [
        {"$orderby": "Цвет"},
        {"$orderby": "Number up"},
        {"$select": "Цвет"},
        {"$top": "-1"},
        {"$search": "x"},
        {"$filter": "like 'x'"},
        {"$filter": "Цвет eq true"},
        {"$filter": "Posted eq true, Posted eq true"},
        {"$filter": "Ref_Key eq '4f5a1c2e-8f0b-4d1e-9f5e-0a1b2c3d4e5f'"},
        {"$filter": "Date ge '2026-01-01T00:00:00'"},
        {"$filter": "Date ge datetime'2026-01-01T00:00:00Z'"},
    ],
)
async def test_queries_it_does_not_know(raw: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await raw.get(f"/{SALES}", params={**JSON, **query})
    assert answer.status_code == 400
    assert "odata.error" in answer.json()


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic ?", "Basic /w=="])
async def test_other_credentials(
    raw: httpx.AsyncClient, simulator: tuple[Base, str], authorization: str
) -> None:
    for url in (f"{simulator[1]}/{SALES}", simulator[1].replace(ROOT, "/control")):
        request = raw.build_request("GET", url, headers={"Authorization": authorization})
        answer = await raw.send(request, auth=None)
        assert answer.status_code == 401
        assert "www-authenticate" in answer.headers


async def test_control(raw: httpx.AsyncClient, simulator: tuple[Base, str], base: Base) -> None:
    base.add_rates(1)
    url = simulator[1].replace(ROOT, "/control")
    before = base.entity_sets[COMPANIES].rows[0]["DataVersion"]
    orders = {
        "max_sessions": 3,
        "latency_ms": 1,
        "failures": [406],
        "forget_sessions": True,
        "rows": [
            {"entity_set": COMPANIES, "number": 0, "values": {"Description": "Новое"}},
            {"entity_set": RATES, "number": 0, "values": {"Курс": 1}},
            {"entity_set": SALES, "number": 1},
        ],
    }
    state = (await raw.post(url, json=orders)).json()
    assert (state["max_sessions"], state["latency_ms"]) == (3, 1)
    assert state["rows"] == {COMPANIES: 3, SALES: 1, RATES: 1}
    changed = base.entity_sets[COMPANIES].rows[0]
    assert changed["Description"] == "Новое"
    assert changed["DataVersion"] != before
    assert (await raw.get(f"/{SALES}")).status_code == 406
    assert (await raw.get(f"/{SALES}", headers={"X-Request-Id": "abc"})).status_code == 200
    requests = (await raw.get(url)).json()["requests"]
    assert requests[-1] == {"method": "GET", "path": SALES, "request_id": "abc"}
    for wrong in ({"unknown": 1}, {"rows": [{"entity_set": "Catalog_Нет", "number": 0}]}):
        assert (await raw.post(url, json=wrong)).status_code == 422


def test_only_the_latest_requests_are_remembered() -> None:
    base = Base()
    for number in range(2500):
        base.note(Request("GET", str(number), {}, None, None))
    assert len(base.requests) <= 1000
    assert base.requests[-1].path == "2499"


def test_the_demo_base_is_the_same_each_time() -> None:
    base = demo_base()
    assert base.entity_sets == demo_base().entity_sets
    assert sum(len(entity_set.rows) for entity_set in base.entity_sets.values()) > 5000
    assert len(base.entity_sets[COMPANIES].rows) == 5
    for entity_set in base.entity_sets.values():
        keys = {tuple(row[name] for name in entity_set.key) for row in entity_set.rows}
        assert len(keys) == len(entity_set.rows)
        assert all(row.keys() == entity_set.properties.keys() for row in entity_set.rows)


def test_the_demo_base_hangs_together() -> None:
    base = demo_base()
    goods = {row["Ref_Key"] for row in base.entity_sets[GOODS].rows}
    assert {row["Номенклатура_Key"] for row in base.entity_sets[MOVEMENTS].rows} <= goods
    for name in (SALES, RECEIPTS):
        for document in base.entity_sets[name].rows:
            assert document["СуммаДокумента"] == sum(line["Сумма"] for line in document["Товары"])
    assert base.entity_sets[COMPANIES].rows[0]["ДатаРегистрации"] == NO_DATE
    assert base.hidden_by_rights == {PERSONS}


@contextmanager
def running_simulator(tmp_path: Path, *arguments: str, **settings: str) -> Iterator[tuple[str, Path, Any]]:
    """The simulator as Kubernetes starts it: its root, its log, its process."""
    port, log = processes.free_port(), tmp_path / "simulator.log"
    command = [sys.executable, "-m", "onec_simulator", "--host", "127.0.0.1", "--port", str(port), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment(settings), stdout=output, stderr=subprocess.STDOUT, cwd="/"
        )
    try:
        url = f"http://127.0.0.1:{port}"
        processes.wait_until(lambda: _alive(url), process, log)
        yield url, log, process
    finally:
        processes.stop(process)


def _alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/live").is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_as_a_process(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "ONEC_USERNAME").write_text("Оператор\n")
    (secrets / "ONEC_PASSWORD").write_text("very secret\n")
    with running_simulator(tmp_path, "--max-sessions", "0", secrets_dir=str(secrets)) as (url, log, process):
        path = f"{url}{ROOT}/{COMPANIES}"
        assert httpx.get(path, auth=httpx.BasicAuth("Оператор", "wrong")).status_code == 401
        headers = {"IBSession": "start", "X-Request-Id": "request-0001"}
        auth = httpx.BasicAuth("Оператор", "very secret")
        refused = httpx.get(path, auth=auth, headers=headers)
        assert refused.status_code == 406
        assert refused.headers["x-request-id"] == "request-0001"
        assert httpx.get(f"{url}/control", auth=auth).status_code == 404
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert "very secret" not in log.read_text()
    served = [line for line in lines if line.get("request_id") == "request-0001"]
    assert [(line["status"], line["path"]) for line in served] == [(406, f"{ROOT}/{COMPANIES}")]
    assert {line["service"] for line in lines} == {"onec-simulator"}


@pytest.mark.slow
def test_a_request_under_way_does_not_keep_the_process(tmp_path: Path) -> None:
    with running_simulator(tmp_path, "--latency-ms", "300000", "--control") as (url, _, process):
        auth = httpx.BasicAuth(Base.username, Base.password)
        only_reading = httpx.Timeout(PATIENCE_SECONDS, read=0.2)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{url}{ROOT}/{COMPANIES}", auth=auth, timeout=only_reading)
        with httpx.Client(auth=auth) as client:
            state = client.get(f"{url}/control").json()
        assert state["latency_ms"] == 300000
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def test_the_image_probes_the_port_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8001")
    monkeypatch.setenv("ONEC_USERNAME", "Оператор")
    options = parse_options([], Credentials())
    assert (options.port, options.user, options.control) == (8001, "Оператор", False)
    monkeypatch.delenv("PORT")
    assert parse_options([], Credentials()).port == 8080
