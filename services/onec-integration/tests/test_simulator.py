"""The simulator has the quirks of 1C, also those this service does not meet."""

from collections.abc import AsyncIterator

import httpx
import pytest

from onec_simulator.base import COMPANIES, SALES, Base

JSON = {"$format": "json"}


@pytest.fixture
async def raw(simulator: tuple[Base, str], base: Base) -> AsyncIterator[httpx.AsyncClient]:
    base.add_companies(3)
    base.add_sales(2)
    auth = httpx.BasicAuth(base.username, base.password)
    async with httpx.AsyncClient(base_url=simulator[1], auth=auth) as client:
        yield client


async def test_atom_unless_json_is_asked_for(raw: httpx.AsyncClient) -> None:
    atom = await raw.get(f"/{COMPANIES}", headers={"Accept": "*/*"})
    assert atom.headers["content-type"].startswith("application/atom+xml")
    assert "Ромашка" in atom.text
    as_json = await raw.get(f"/{COMPANIES}", params={**JSON, "$inlinecount": "allpages"})
    assert as_json.json()["odata.count"] == "3"


async def test_a_version_conflict(raw: httpx.AsyncClient, base: Base) -> None:
    path = f"/{COMPANIES}(guid'{base.entity_sets[COMPANIES].rows[0]['Ref_Key']}')"
    assert (await raw.patch(path, headers={"If-Match": "old"}, json={})).status_code == 412
    assert (await raw.delete(path, headers={"If-Match": 'W/"AAAAAQAAAAA="'})).status_code == 204
    assert len(base.entity_sets[COMPANIES].rows) == 2
    missing = await raw.get(path, headers={"Accept": "*/*"})
    assert missing.status_code == 404
    assert "m:error" in missing.text


async def test_sessions(raw: httpx.AsyncClient, base: Base) -> None:
    await raw.get(f"/{COMPANIES}")
    assert base.sessions == set()
    await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})
    assert {raw.cookies["ibsession"]} == base.sessions
    await raw.get("/", headers={"IBSession": "finish"})
    assert base.sessions == set()
    assert (await raw.get(f"/{COMPANIES}")).status_code == 400
    raw.cookies.clear()
    base.max_sessions = 0
    assert (await raw.get(f"/{COMPANIES}")).status_code == 503
    assert (await raw.get(f"/{COMPANIES}", headers={"IBSession": "start"})).status_code == 406


@pytest.mark.parametrize(
    "query", [{"$orderby": "Цвет"}, {"$filter": "like 'x'"}, {"$filter": "Цвет eq true"}, {"$search": "x"}]
)
async def test_queries_it_does_not_know(raw: httpx.AsyncClient, query: dict[str, str]) -> None:
    answer = await raw.get(f"/{SALES}", params={**JSON, **query})
    assert answer.status_code == 400
    assert "odata.error" in answer.json()


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic ?", "Basic /w=="])
async def test_other_credentials(raw: httpx.AsyncClient, authorization: str) -> None:
    request = raw.build_request("GET", f"/{SALES}", headers={"Authorization": authorization})
    answer = await raw.send(request, auth=None)
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers
