"""The reason 1C gives reaches the job and the log, in each shape that it comes in."""

import asyncio
import json
import logging
from typing import Any
from uuid import uuid4

import httpx
import pytest

from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders
from assistants_testing.waiting import patience
from onec_integration import refusals
from onec_integration.refusals import Refusal
from onec_simulator.base import COMPANIES, Base

XML = '<m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">{}</m:error>'
TEXT = "Отбор невозможен"


def as_json(error: object) -> bytes:
    return json.dumps({"odata.error": error}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (as_json({"code": "6", "message": {"lang": "ru", "value": TEXT}}), Refusal("6", TEXT)),
        (as_json({"code": 6, "message": {"value": TEXT}}), Refusal("6", TEXT)),
        (as_json({"code": "", "message": TEXT}), Refusal("", TEXT)),
        (as_json({"message": None}), Refusal("", "")),
        (as_json(TEXT), Refusal("", TEXT)),
        (b"\xef\xbb\xbf" + as_json({"code": "6", "message": {"value": TEXT}}), Refusal("6", TEXT)),
        (
            as_json({"code": "6", "message": {"value": f"{TEXT}\n\t\x00 {TEXT}"}}),
            Refusal("6", f"{TEXT} {TEXT}"),
        ),
        (XML.format(f"<m:code>6</m:code><m:message>{TEXT}</m:message>").encode(), Refusal("6", TEXT)),
        (f"<error><code/><message>{TEXT}</message></error>".encode(), Refusal("", TEXT)),
        (f"<m:error><m:code>6</m:code><m:message>{TEXT}".encode(), Refusal("6", TEXT)),
        (as_json({"code": "6", "message": {"value": f"{TEXT} " + "x" * 9000}})[:5000], None),
        (b"<html><body>Maintenance</body></html>", None),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", None),
        (b"", None),
        (b"[]", None),
        (b'{"value": []}', None),
    ],
)
def test_reasons(body: bytes, expected: Refusal | None) -> None:
    found = refusals.read(body)
    if expected is None and b"odata.error" in body:
        assert found is not None
        assert (found.code, found.text[:16], len(found.text)) == ("6", TEXT, 501)
    else:
        assert found == expected


def test_a_plain_text_is_a_reason_of_others() -> None:
    assert refusals.read("Сеанс не найден".encode(), "text/plain;charset=utf-8") == Refusal(
        None, "Сеанс не найден"
    )
    assert refusals.read(b" \n", "text/plain") is None
    assert refusals.read("Сеанс не найден".encode(), "text/html") is None


async def failed_job(client: httpx.AsyncClient, headers: dict[str, str], name: str) -> dict[str, Any]:
    answer = await client.post("/sync/data", json={"entity_sets": [name]}, headers=headers)
    async with patience():
        while True:
            path = f"/sync/{answer.headers['location']}"
            job: dict[str, Any] = (await client.get(path, headers=headers)).json()
            if job["status"] not in {"queued", "running"}:
                return job
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 500, 501])
async def test_a_job_and_the_log_tell_the_reason(
    client: httpx.AsyncClient,
    base: Base,
    clean_tables: None,
    auth_headers: AuthHeaders,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    caplog.set_level(logging.INFO)
    base.add_companies(5)
    base.refusal = (status, "42", TEXT)
    job = await failed_job(client, auth_headers(uuid4(), Role.ANALYST), COMPANIES)
    assert (job["status"], f"{TEXT} (code 42)" in job["error"]) == ("failed", True)
    logged = [vars(record) for record in caplog.records if TEXT in str(vars(record).get("reason", ""))]
    assert logged
    assert logged[0]["status"] == status
    assert COMPANIES in logged[0]["resource"]


async def test_who_reads_companies_is_not_told_what_is_inside_the_base(
    client: httpx.AsyncClient, base: Base, clean_tables: None, auth_headers: AuthHeaders
) -> None:
    base.add_companies(1)
    base.refusal = (400, "42", TEXT)
    answer = await client.get("/companies", headers=auth_headers())
    assert (answer.status_code, TEXT in answer.text) == (502, False)
