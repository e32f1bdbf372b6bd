import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from assistants_common.context import request_id_var
from assistants_testing.processes import free_port
from assistants_testing.waiting import PATIENCE_SECONDS, pass_time, until
from onec_integration import client as client_module
from onec_integration import odata
from onec_integration.addresses import AddressGuard
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.odata import Query
from onec_integration.settings import Settings
from onec_simulator.base import COMPANIES, Base

ALL = Query(top=100)


@pytest.fixture
async def onec(settings: Settings, base: Base, guard: AddressGuard) -> AsyncIterator[OneCClient]:
    base.add_companies(25)
    client = OneCClient(settings, guard)
    yield client
    await client.close()


async def error_of(client: OneCClient) -> OneCError:
    with pytest.raises(OneCError) as caught:
        await client.read(COMPANIES, ALL)
    return caught.value


async def test_reads_json_with_a_password_that_is_not_ascii(onec: OneCClient, base: Base) -> None:
    page = await onec.read(COMPANIES, Query(top=3, skip=1, order_by=("Code",), count=True))
    assert [row["Code"] for row in page.rows] == ["000000001", "000000002", "000000003"]
    assert page.count == 25
    assert base.requests[0].user == "Интегратор:пароль"
    assert base.requests[0].query["$format"] == "json"


async def test_reads_one_by_reference(onec: OneCClient, base: Base) -> None:
    reference = base.entity_sets[COMPANIES].rows[4]["Ref_Key"]
    found = await onec.read_one(COMPANIES, UUID(reference))
    assert found is not None
    assert found["Code"] == "000000004"
    assert await onec.read_one(COMPANIES, uuid4()) is None


async def test_a_session_is_reused_and_given_back(onec: OneCClient, base: Base) -> None:
    for _ in range(3):
        await onec.read(COMPANIES, ALL)
    tokens = [request.session for request in base.requests]
    assert tokens[0] is None
    assert tokens[1] == tokens[2] is not None
    assert len(base.sessions) == 1
    await onec.close()
    assert base.sessions == {}


async def test_no_more_requests_at_once_than_sessions(onec: OneCClient, base: Base) -> None:
    base.answers_left = 0
    reading = asyncio.gather(*(onec.read(COMPANIES, ALL) for _ in range(6)))
    await until(lambda: base.busy == 2)
    base.answers_left = None
    await reading
    assert base.most_busy == 2
    assert len(base.sessions) == 2


async def test_a_session_that_expired_is_replaced(onec: OneCClient, base: Base) -> None:
    await onec.read(COMPANIES, ALL)
    base.sessions.clear()
    assert len((await onec.read(COMPANIES, ALL)).rows) == 25
    assert len(base.sessions) == 1


async def test_no_licence_is_left(onec: OneCClient, base: Base, settings: Settings) -> None:
    base.max_sessions = 0
    error = await error_of(onec)
    assert (error.status_code, error.code, error.retryable) == (503, "onec_no_session", True)
    assert error.headers == {"Retry-After": "15"}
    assert len(base.requests) == settings.onec_session_attempts == 4


async def test_a_session_that_cannot_start_is_asked_for_again(onec: OneCClient, base: Base) -> None:
    base.failures = [406, 406, 503]
    assert len((await onec.read(COMPANIES, ALL)).rows) == 25
    assert len(base.requests) == 4


async def test_another_session_of_ours_serves_when_none_can_start(onec: OneCClient, base: Base) -> None:
    base.max_sessions, base.answers_left = 1, 0
    reading = asyncio.gather(*(onec.read(COMPANIES, ALL) for _ in range(2)))
    await until(lambda: len(base.requests) == 2)
    base.answers_left = None
    answers = await reading
    assert [len(page.rows) for page in answers] == [25, 25]
    assert len(base.sessions) == 1


async def test_only_reads_are_sent(onec: OneCClient, base: Base) -> None:
    """DELETE would erase an object for good, whatever it is marked as."""
    await onec.read(COMPANIES, Query(top=3, count=True))
    await onec.count(COMPANIES)
    await onec.read_one(COMPANIES, UUID(base.entity_sets[COMPANIES].rows[0]["Ref_Key"]))
    await onec.read_schema()
    await onec.close()
    assert [request.method for request in base.requests] == ["GET"] * 5


async def test_counts(onec: OneCClient, base: Base) -> None:
    base.byte_order_mark = True
    assert await onec.count(COMPANIES) == 25
    assert await onec.count(COMPANIES, "DeletionMark eq true") == 0
    base.garbage = b"many"
    with pytest.raises(OneCError) as caught:
        await onec.count(COMPANIES)
    assert caught.value.code == "onec_unexpected_answer"


async def test_reads_only_the_properties_asked_for(onec: OneCClient, base: Base) -> None:
    reference = base.entity_sets[COMPANIES].rows[4]["Ref_Key"]
    query = Query(top=5, select=("Ref_Key", "DataVersion"), where=odata.one_of([reference]))
    assert (await onec.read(COMPANIES, query)).rows == [
        {"Ref_Key": reference, "DataVersion": base.entity_sets[COMPANIES].rows[4]["DataVersion"]}
    ]


async def test_the_id_of_the_request_goes_along(onec: OneCClient, base: Base) -> None:
    token = request_id_var.set("request-0001")
    await onec.read(COMPANIES, ALL)
    request_id_var.reset(token)
    assert base.requests[0].request_id == "request-0001"


async def test_row_level_security_is_not_a_wrong_password(onec: OneCClient, base: Base) -> None:
    base.hidden_by_rights.add(COMPANIES)
    assert (await error_of(onec)).code == "onec_rights"
    base.password = "another"
    assert (await error_of(onec)).code == "onec_credentials"


async def test_only_allowed_rows_by_setting(settings: Settings, base: Base, guard: AddressGuard) -> None:
    base.add_companies(5)
    base.hidden_by_rights.add(COMPANIES)
    client = OneCClient(settings.model_copy(update={"onec_allowed_only": True}), guard)
    assert len((await client.read(COMPANIES, ALL)).rows) == 2
    await client.close()


async def test_a_slow_server_is_not_waited_for(onec: OneCClient, base: Base) -> None:
    base.answers_left = 0
    failing = asyncio.create_task(error_of(onec))
    await until(lambda: base.busy)
    await pass_time(PATIENCE_SECONDS)
    error = await failing
    base.answers_left = None
    assert (error.status_code, error.code) == (504, "onec_timeout")


async def test_when_all_sessions_are_busy(settings: Settings, base: Base, guard: AddressGuard) -> None:
    """Of three, the second waits for less than a timeout; the third for longer."""
    base.add_companies(1)
    base.answers_left = 0
    client = OneCClient(settings.model_copy(update={"onec_max_sessions": 1}), guard)
    reading = asyncio.gather(*(client.read(COMPANIES, ALL) for _ in range(3)), return_exceptions=True)
    await until(lambda: base.busy)
    await pass_time(PATIENCE_SECONDS * 0.7)
    base.answers_left = 1
    await until(lambda: base.answers_left == 0 and len(base.requests) == 2 and base.busy)
    await pass_time(PATIENCE_SECONDS * 0.7)
    base.answers_left = None
    answers = await reading
    await client.close()
    codes = sorted(answer.code if isinstance(answer, OneCError) else "ok" for answer in answers)
    assert codes == ["ok", "ok", "onec_sessions_busy"]


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (500, "onec_server_error", True),
        (502, "onec_server_error", True),
        (503, "onec_no_session", True),
        (400, "onec_unexpected_answer", False),
        (403, "onec_unexpected_answer", False),
        (412, "onec_conflict", False),
        (404, "onec_not_found", False),
        (304, "onec_redirect", False),
    ],
)
async def test_failures(onec: OneCClient, base: Base, status: int, code: str, *, retryable: bool) -> None:
    base.failures = [status] * 4
    error = await error_of(onec)
    assert (error.code, error.retryable) == (code, retryable)


async def test_an_answer_that_is_none(onec: OneCClient, base: Base) -> None:
    base.garbage = b"<html>Maintenance</html>"
    assert (await error_of(onec)).code == "onec_unexpected_answer"


async def test_an_answer_without_end(onec: OneCClient, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_ANSWER_BYTES", 1000)
    base.garbage = b"x" * 1001
    assert "longer than 1000 bytes" in (await error_of(onec)).detail_text


async def test_a_byte_order_mark_is_no_harm(onec: OneCClient, base: Base) -> None:
    base.byte_order_mark = True
    assert len((await onec.read(COMPANIES, ALL)).rows) == 25


async def test_a_server_that_is_not_there(settings: Settings, guard: AddressGuard) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/base"
    client = OneCClient(settings.model_copy(update={"onec_server_url": nowhere}), guard)
    assert (await error_of(client)).code == "onec_unreachable"
    await client.close()


async def test_a_session_that_cannot_be_finished_is_no_obstacle(onec: OneCClient, base: Base) -> None:
    for _ in range(2):
        await onec.read(COMPANIES, ALL)
    left = base.requests[-1].session
    base.failures = [500]
    await onec.close()
    assert left in base.sessions
    base.sessions.clear()


async def test_a_server_gone_at_the_end_is_no_obstacle(
    settings: Settings, base: Base, guard: AddressGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.add_companies(1)
    client = OneCClient(settings, guard)
    await client.read(COMPANIES, ALL)
    monkeypatch.setattr(client, "_port", free_port())
    await client.close()
    assert client._sessions.drain() == []
