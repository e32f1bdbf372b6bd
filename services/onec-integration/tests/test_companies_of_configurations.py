"""Configurations differ in what a company has, and a base may not publish companies at all."""

from uuid import uuid4

import httpx
import pytest

from assistants_testing.plugin import AuthHeaders
from onec_simulator.base import COMPANIES, Base


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None, base: Base) -> None:
    base.add_companies(3)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Code", 7, "7"),
        ("Code", 1.5, "1.5"),
        ("Code", 99999999999999999999, "99999999999999999999"),
        ("Code", None, None),
        ("ИНН", 7707083893, "7707083893"),
        ("КПП", " ", None),
    ],
)
async def test_what_may_be_a_number_or_nothing(
    client: httpx.AsyncClient,
    base: Base,
    auth_headers: AuthHeaders,
    name: str,
    value: object,
    expected: str | None,
) -> None:
    for row in base.entity_sets[COMPANIES].rows:
        row[name] = value
    field = {"Code": "code", "ИНН": "inn", "КПП": "kpp"}[name]
    answer = await client.get("/companies", headers=auth_headers())
    assert answer.status_code == 200, answer.text
    assert [item[field] for item in answer.json()["items"]] == [expected] * 3
    reference = base.entity_sets[COMPANIES].rows[0]["Ref_Key"]
    assert (await client.get(f"/companies/{reference}", headers=auth_headers())).json()[field] == expected


@pytest.mark.parametrize("missing", [["Code"], ["Code", "ИНН", "КПП", "НаименованиеПолное"]])
async def test_what_a_configuration_does_not_have(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders, missing: list[str]
) -> None:
    found = base.entity_sets[COMPANIES]
    for name in missing:
        del found.properties[name]
        for row in found.rows:
            del row[name]
    listed = await client.get("/companies", headers=auth_headers())
    assert listed.status_code == 200, listed.text
    assert listed.json()["items"][0]["code"] is None


async def test_a_value_of_another_kind_is_refused(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders
) -> None:
    base.entity_sets[COMPANIES].rows[0]["Code"] = True
    answer = await client.get("/companies", headers=auth_headers())
    assert (answer.status_code, answer.json()["code"]) == (502, "onec_unexpected_answer")


@pytest.mark.parametrize("sessions", ["new", "reused"])
async def test_what_is_not_published_is_not_a_missing_company(
    client: httpx.AsyncClient, base: Base, auth_headers: AuthHeaders, sessions: str
) -> None:
    if sessions == "reused":
        assert (await client.get("/companies", headers=auth_headers())).status_code == 200
    path = f"/companies/{uuid4()}"
    assert (await client.get(path, headers=auth_headers())).status_code == 404
    base.failures = [404, 404]  # the web server's own page
    assert (await client.get(f"/companies/{uuid4()}", headers=auth_headers())).status_code == 502
    base.failures = []
    del base.entity_sets[COMPANIES]
    listed = await client.get("/companies?limit=7", headers=auth_headers())
    one = await client.get(f"/companies/{uuid4()}", headers=auth_headers())
    assert (listed.status_code, one.status_code) == (502, 502)
    assert COMPANIES in one.json()["detail"]
