"""Each session takes a licence of 1C: the service returns every one, on every path."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from onec_integration import client as client_module
from onec_integration import sessions
from onec_integration.addresses import AddressGuard
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.odata import Query
from onec_integration.settings import Settings
from onec_simulator.base import COMPANIES, Base

ALL = Query(top=100)
DEADLINE = 60

type Maker = Callable[..., OneCClient]


@pytest.fixture
async def make(settings: Settings, base: Base, guard: AddressGuard) -> AsyncIterator[Maker]:
    """Makes patient clients of the base, which has no session yet and 25 companies."""
    base.sessions.clear()
    base.add_companies(25)
    made: list[OneCClient] = []

    def new(**changes: object) -> OneCClient:
        patient = {"onec_timeout_seconds": DEADLINE, **changes}
        made.append(OneCClient(settings.model_copy(update=patient), guard))
        return made[-1]

    yield new
    base.delay_seconds = 0
    for client in made:
        await client.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.02)


async def give_up(client: OneCClient, base: Base) -> None:
    """Make a request that the client does not wait for, though 1C will answer it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_timeout", 0.2)
        base.delay_seconds = 0.6
        assert await fails(client.read(COMPANIES, ALL)) == "onec_timeout"
    base.delay_seconds = 0


async def fails(read: Awaitable[object]) -> str:
    with pytest.raises(OneCError) as caught:
        await read
    return caught.value.code


async def test_a_session_whose_start_was_not_waited_for(make: Maker, base: Base) -> None:
    client = make()
    await give_up(client, base)
    await until(lambda: len(client._sessions._idle) == 1)
    await client.read(COMPANIES, ALL)
    assert len(base.sessions) == 1
    await client.close()
    assert base.sessions == {}


async def test_a_reused_session_whose_answer_was_not_waited_for(make: Maker, base: Base) -> None:
    client = make()
    await client.read(COMPANIES, ALL)
    await give_up(client, base)
    await client.read(COMPANIES, ALL)
    assert len(base.sessions) == 1


async def test_a_session_that_is_being_started_when_the_caller_goes_away(make: Maker, base: Base) -> None:
    client = make()
    base.delay_seconds = 0.3
    reading = asyncio.create_task(client.read(COMPANIES, ALL))
    await until(lambda: base.busy == 1)
    reading.cancel()
    await asyncio.wait({reading})
    await client.close()
    assert base.sessions == {}
    assert [request.session is None for request in base.requests] == [True, False]


async def test_a_session_that_is_being_started_keeps_its_place(make: Maker, base: Base) -> None:
    """One licence is all there is: the next request waits for it instead of asking for another."""
    base.max_sessions = 1
    client = make(onec_max_sessions=1)
    await give_up(client, base)
    assert len((await client.read(COMPANIES, ALL)).rows) == 25
    assert len(base.sessions) == 1


async def test_sessions_in_use_at_the_end(make: Maker, base: Base) -> None:
    client = make()
    await client.read(COMPANIES, ALL)
    base.delay_seconds = 0.3
    reading = [asyncio.create_task(client.read(COMPANIES, ALL)) for _ in range(2)]
    await until(lambda: base.busy == 2)
    await client.close()
    assert base.sessions == {}
    await asyncio.gather(*reading, return_exceptions=True)


async def test_what_goes_wrong_with_one_session_does_not_keep_the_others(
    make: Maker, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make(onec_max_sessions=4)
    base.delay_seconds = 0.1
    await asyncio.gather(*(client.read(COMPANIES, ALL) for _ in range(4)))
    base.delay_seconds = 0
    finish, first = client._sessions._finish, next(iter(base.sessions))

    async def faulty(token: str) -> None:
        if token == first:
            raise OSError("gone")
        await asyncio.sleep(0.1)
        await finish(token)

    monkeypatch.setattr(client._sessions, "_finish", faulty)
    await client.close()
    assert set(base.sessions) == {first}


@pytest.mark.parametrize("status", [400, 404, 406])
async def test_a_page_of_the_web_server_is_not_the_end_of_a_session(
    make: Maker, base: Base, status: int
) -> None:
    client = make()
    await client.read(COMPANIES, ALL)
    base.failures = [status]
    await client.read(COMPANIES, ALL)
    assert len(base.sessions) == 1
    await client.close()
    assert base.sessions == {}


async def test_the_last_licence_is_given_back_when_its_session_seems_lost(make: Maker, base: Base) -> None:
    base.max_sessions = 1
    client = make()
    await client.read(COMPANIES, ALL)
    base.failures = [404]
    assert len((await client.read(COMPANIES, ALL)).rows) == 25
    assert len(base.sessions) == 1


async def test_an_unused_session_is_given_back(
    make: Maker, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "IDLE_SECONDS", 0.2)
    client = make()
    for _ in range(2):
        await asyncio.gather(*(client.read(COMPANIES, ALL) for _ in range(2)))
        await until(lambda: not base.sessions)


def _too_long(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_ANSWER_BYTES", 1000)


def _garbage(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.garbage = b"<html/>"


def _refused(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.refusal = (400, "6", "x")


def _broken(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.failures = [500]


def _redirected(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.redirect_to = "http://127.0.0.1/"


@pytest.mark.parametrize("spoil", [_too_long, _garbage, _refused, _broken, _redirected])
@pytest.mark.parametrize("first", [True, False], ids=["new", "reused"])
async def test_sessions_of_requests_that_fail(
    make: Maker,
    base: Base,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Base, pytest.MonkeyPatch], None],
    *,
    first: bool,
) -> None:
    client = make()
    if not first:
        await client.read(COMPANIES, ALL)
    spoil(base, monkeypatch)
    await fails(client.read(COMPANIES, ALL))
    vars(base).update(garbage=None, refusal=None, redirect_to=None, failures=[])
    await client.close()
    assert base.sessions == {}


async def test_one_entity_is_read_without_what_belongs_to_sets(make: Maker, base: Base) -> None:
    client = make(onec_allowed_only=True)
    await client.read(COMPANIES, ALL)
    await client.count(COMPANIES)
    await client.read_one(COMPANIES, uuid4())
    await client.read_schema()
    await client.close()
    asked = {request.path: request.query.get("allowedOnly") for request in base.requests}
    of_sets = {path for path, value in asked.items() if value == "true"}
    assert of_sets == {COMPANIES, f"{COMPANIES}/$count"}
    assert len(asked) == 5
