from contract_testing.report import ServiceReport, as_document, as_table
from contract_testing.runs import Outcome

ALL = ("GET /a", "GET /b", "GET /c")


def outcome(identity: str, breaks: tuple[str, ...] = (), accepted: tuple[str, ...] = ALL) -> Outcome:
    return Outcome(identity, 3, 100, (), breaks, (), accepted, 2.4, "\n".join(breaks))


CLEAN = ServiceReport("security", [outcome("user"), outcome("admin", accepted=())], 10.0, operations=ALL)
BROKEN = ServiceReport(
    "analytics",
    [
        outcome("user", ("GET /a: x",), ("GET /c",)),
        outcome("admin", ("GET /a: x", "GET /b: y"), ("GET /a", "GET /c")),
    ],
    5.4,
    operations=ALL,
)
UNREACHED = ServiceReport("security", [outcome("user", accepted=("GET /a",))], 1.0, operations=ALL)
ABSENT = ServiceReport("gateway", [], 1.0, "it did not start")


def test_the_table_counts_once_what_several_identities_met() -> None:
    header, _, *rows, _, total = as_table([CLEAN, BROKEN, ABSENT], 17.0).splitlines()
    assert header.split()[:5] == ["service", "operations", "never", "accepted", "cases"]
    assert [row.split() for row in rows] == [
        ["security", "3", "0", "200", "0", "0", "0", "10"],
        ["analytics", "3", "1", "200", "0", "2", "0", "5"],
        ["gateway", "0", "0", "0", "0", "0", "1", "1"],
    ]
    assert total.split() == ["all", "6", "1", "400", "0", "2", "1", "17"]


def test_nothing_tested_is_not_passed() -> None:
    assert CLEAN.passed
    assert not BROKEN.passed
    assert not ABSENT.passed
    assert not ServiceReport("security", [], 1.0).passed


def test_an_operation_that_accepted_nothing_from_any_caller_fails() -> None:
    assert BROKEN.refused == ["GET /b"]
    assert CLEAN.refused == []
    assert UNREACHED.refused == ["GET /b", "GET /c"]
    assert not UNREACHED.passed


def test_the_document_holds_what_the_table_says() -> None:
    document = as_document([CLEAN, ABSENT], 11.0)
    assert not document["passed"]
    assert document["cases"] == 200
    assert [item["problem"] for item in document["services"]] == [None, "it did not start"]
    assert as_document([CLEAN], 1.0)["passed"]
