from uuid import uuid4

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders
from onec_simulator.base import COMPANIES, Base


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Nothing is cached when a test begins."""


async def test_companies_in_pages(client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders) -> None:
    base.add_companies(7, deleted=[2])
    answer = await client.get("/companies?limit=4&offset=2", headers=auth_headers())
    assert answer.status_code == 200
    page = answer.json()
    assert (page["total"], page["limit"], page["offset"]) == (6, 4, 2)
    names = [company["name"] for company in page["items"]]
    assert len(names) == 4
    assert names == sorted(names)
    company = page["items"][0]
    assert set(company) == {"id", "code", "name", "full_name", "inn", "kpp", "marked_deleted"}
    assert company["inn"].startswith("77")
    assert company["kpp"] is None
    assert company["marked_deleted"] is False


async def test_answers_are_cached(client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders) -> None:
    base.add_companies(3)
    reference = base.entity_sets[COMPANIES].rows[0]["Ref_Key"]
    for path in ("/companies", "/companies", f"/companies/{reference}", f"/companies/{reference}"):
        assert (await client.get(path, headers=auth_headers())).status_code == 200
    assert len(base.requests) == 2


async def test_the_cache_is_not_needed(
    client: httpx.AsyncClient,
    base: Base,
    auth_headers: AuthHeaders,
    resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        raise RedisConnectionError("gone")

    monkeypatch.setattr(resources.redis, "get", fail)
    monkeypatch.setattr(resources.redis, "set", fail)
    base.add_companies(1)
    assert (await client.get("/companies", headers=auth_headers())).json()["total"] == 1


async def test_a_server_that_forgets_pages_when_it_counts(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders
) -> None:
    base.add_companies(9)
    base.count_ignores_paging = True
    page = (await client.get("/companies?limit=2&offset=3", headers=auth_headers())).json()
    expected = sorted(row["Description"] for row in base.entity_sets[COMPANIES].rows)[3:5]
    assert [company["name"] for company in page["items"]] == expected
    assert page["total"] == 9


async def test_no_session_is_a_problem_that_says_when_to_come_again(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders
) -> None:
    base.add_companies(1)
    base.sessions.clear()
    base.max_sessions = 0
    answer = await client.get("/companies", headers=auth_headers())
    assert (answer.status_code, answer.json()["code"]) == (503, "onec_no_session")
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0


async def test_one_company(client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders) -> None:
    base.add_companies(2)
    row = base.entity_sets[COMPANIES].rows[1]
    found = await client.get(f"/companies/{row['Ref_Key']}", headers=auth_headers())
    assert found.json()["name"] == row["Description"]
    missing = await client.get(f"/companies/{uuid4()}", headers=auth_headers())
    assert missing.status_code == 404
    assert missing.json()["detail"] == "There is no such company."


async def test_what_1c_refuses_is_a_problem_and_not_cached(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders
) -> None:
    answer = await client.get("/companies", headers=auth_headers())
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "onec_not_found"
    assert COMPANIES in answer.json()["detail"]
    base.add_companies(1)
    assert (await client.get("/companies", headers=auth_headers())).status_code == 200


async def test_a_row_without_a_name(client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders) -> None:
    base.add_companies(1)
    base.entity_sets[COMPANIES].rows[0]["Description"] = None
    answer = await client.get("/companies", headers=auth_headers())
    assert (answer.status_code, answer.json()["code"]) == (502, "onec_unexpected_answer")


async def test_nothing_without_a_token(client: httpx.AsyncClient, base: Base) -> None:
    paths = ("/companies", f"/companies/{uuid4()}", "/metadata", "/reports", "/reports/companies", "/sync")
    for path in paths:
        assert (await client.get(path)).status_code == 401


async def test_operations_and_documentation(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).status_code == 200
    assert "onec_requests_total" in (await client.get("/metrics")).text
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/companies", "/metadata", "/sync/data", "/sync/{job_id}", "/reports/{report_id}"} <= set(paths)
    assert {"/sync", "/sync/{job_id}/cancel", "/sync/{job_id}/resume", "/reports"} <= set(paths)
