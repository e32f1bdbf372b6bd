"""`--deep`: rounds with new seeds."""

import re
from itertools import count

import pytest

from contract_testing import __main__ as command
from contract_testing.report import ServiceReport
from contract_testing.runs import Outcome

ROUNDS = 3


@pytest.fixture
def seeds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of the rounds that ran: each takes a minute, and the second finds something."""
    found: list[int] = []
    numbers = count(1000)

    def test(_services: object, parsed: object) -> list[ServiceReport]:
        found.append(vars(parsed)["seed"])
        failures = "something" if len(found) == 2 else ""
        return [ServiceReport("security", [Outcome("user", 1, 5, (), (), (), (), 1.0, failures)], 1.0)]

    monkeypatch.setattr(command, "_test", test)
    monkeypatch.setattr(command, "randbelow", lambda _: next(numbers))
    monkeypatch.setattr(command, "monotonic", lambda: 60.0 * len(found))
    return found


def test_rounds_with_new_seeds_fill_the_time_and_one_finding_fails_all(
    seeds: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--deep", str(ROUNDS), "security"]) == 1
    assert seeds == [1000, 1001, 1002]
    told = capsys.readouterr().err
    assert re.findall(r"round (\d), (\d) minutes left, --seed (\d+)", told) == [
        ("1", "3", "1000"),
        ("2", "2", "1001"),
        ("3", "1", "1002"),
    ]
    assert told.rstrip().endswith("3 rounds, 1 failed: --seed 1001")


def test_nothing_found_passes(seeds: list[int]) -> None:
    assert command.main(["security", "--deep", "1"]) == 0
    assert seeds == [1000]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "soon"])
def test_a_time_that_is_none_is_refused(
    minutes: str, seeds: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main([f"--deep={minutes}"])
    assert minutes in capsys.readouterr().err
    assert seeds == []
