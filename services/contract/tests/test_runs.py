"""Whole runs, against services made for the purpose: one that keeps its contract, one that breaks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Thread
from typing import Annotated

import pytest
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi import Path as PathParameter
from pydantic import BaseModel

from assistants_testing.processes import free_port
from assistants_testing.waiting import block_until
from contract_testing.examples import Example, Examples
from contract_testing.identities import USER, fixed_headers, minted_tokens, write_auth_file
from contract_testing.runs import Options, Outcome, _Files, run
from contract_testing.targets import Running

pytestmark = pytest.mark.slow

OPTIONS = Options(examples=10, seed=1)
WORD = "sesame-4711"
DOOR = "POST /doors/{word}"


class Item(BaseModel):
    number: int


def sound() -> FastAPI:
    app = FastAPI()

    @app.get("/items/{number}")
    async def read(number: Annotated[int, PathParameter(ge=0, le=99)]) -> Item:
        return Item(number=number)

    return app


def guarded() -> FastAPI:
    """One operation accepts a word that no generator guesses, once."""
    app = sound()
    words = {WORD}

    @app.post("/doors/{word}", responses={404: {}})
    async def open_door(word: str) -> Item:
        if word not in words:
            raise HTTPException(404)
        words.remove(word)
        return Item(number=1)

    return app


def broken() -> FastAPI:
    app = sound()

    @app.get("/halves/{number}", response_model=Item)
    async def half(number: Annotated[int, PathParameter(ge=0, le=99)]) -> dict[str, float]:
        return {"number": 100 // number}

    @app.get("/absent")
    async def absent() -> Item:
        raise HTTPException(404)

    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_config=None, lifespan="off"))
    thread = Thread(target=server.run)
    thread.start()
    block_until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def outcome_of(app: FastAPI, folder: Path, examples: Examples | None = None) -> Outcome:
    tokens = minted_tokens("k" * 32)
    auth_file = folder / "auth.json"
    write_auth_file(auth_file, fixed_headers(tokens))
    with serving(app) as url:
        running = Running(url, tokens, fixed_headers(tokens), lambda _: examples or {})
        return run("example", running, auth_file, USER, OPTIONS)


def test_a_service_that_keeps_its_contract_passes(tmp_path: Path) -> None:
    outcome = outcome_of(sound(), tmp_path)
    assert (outcome.server_errors, outcome.contract_breaks, outcome.other_errors) == ([], [], [])
    assert outcome.failures == ""
    assert outcome.operations == 1
    assert outcome.cases > OPTIONS.examples
    assert outcome.accepted == ["GET /items/{number}"]


def test_an_operation_is_reached_with_the_request_that_only_a_real_object_has(tmp_path: Path) -> None:
    without = tmp_path / "without"
    without.mkdir()
    assert DOOR not in outcome_of(guarded(), without).accepted
    outcome = outcome_of(guarded(), tmp_path, {DOOR: asdict(Example({"word": WORD}))})
    assert DOOR in outcome.accepted
    assert outcome.failures == ""


def test_a_server_error_is_found_and_can_be_made_again(tmp_path: Path) -> None:
    outcome = outcome_of(broken(), tmp_path)
    assert outcome.server_errors == ["GET /halves/{number}: Server error"]
    assert 'curl -X GET -H "Authorization: Bearer $USER_TOKEN"' in outcome.failures
    assert '"$URL"/halves/0' in outcome.failures
    assert "GET /absent: Undocumented status code" in outcome.contract_breaks
    assert "GET /absent" not in outcome.accepted


def test_a_service_that_does_not_answer_is_not_passed(tmp_path: Path) -> None:
    auth_file = tmp_path / "auth.json"
    tokens = minted_tokens("k" * 32)
    write_auth_file(auth_file, fixed_headers(tokens))
    absent = Running(f"http://127.0.0.1:{free_port()}", tokens, fixed_headers(tokens))
    outcome = run("example", absent, auth_file, USER, OPTIONS)
    assert outcome.cases == 0
    assert outcome.other_errors
    assert outcome.failures


def test_a_run_that_is_cut_off_is_not_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contract_testing.runs._RUN_SECONDS", 0.2)
    outcome = outcome_of(sound(), tmp_path)
    assert list(outcome.other_errors) == [
        "schemathesis ended without a report (schemathesis did not end within 0.2 s)"
    ]


def test_a_report_that_was_only_begun_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(_running: Running, _options: Options, files: _Files) -> tuple[int, str]:
        files.report.touch()
        return 137, ""

    monkeypatch.setattr("contract_testing.runs._run", begun)
    assert list(outcome_of(sound(), tmp_path).other_errors) == ["schemathesis ended without a report (137)"]
