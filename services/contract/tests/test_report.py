from contract_testing.report import ServiceReport, as_document, as_table
from contract_testing.runs import Outcome


def outcome(identity: str, breaks: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> Outcome:
    return Outcome(identity, 3, 100, (), breaks, (), refused, 2.4, "\n".join(breaks))


CLEAN = ServiceReport("security", [outcome("user"), outcome("admin")], 10.0)
BROKEN = ServiceReport(
    "analytics",
    [
        outcome("user", ("GET /a: x",), ("GET /a", "GET /b")),
        outcome("admin", ("GET /a: x", "GET /b: y"), ("GET /b",)),
    ],
    5.4,
)
ABSENT = ServiceReport("gateway", [], 1.0, "it did not start")


def test_the_table_counts_once_what_several_identities_met() -> None:
    header, _, *rows, _, total = as_table([CLEAN, BROKEN, ABSENT], 17.0).splitlines()
    assert header.split()[:3] == ["service", "operations", "cases"]
    assert [row.split() for row in rows] == [
        ["security", "3", "200", "0", "0", "0", "10"],
        ["analytics", "3", "200", "0", "2", "0", "5"],
        ["gateway", "0", "0", "0", "0", "1", "1"],
    ]
    assert total.split() == ["all", "6", "400", "0", "2", "1", "17"]


def test_nothing_tested_is_not_passed() -> None:
    assert CLEAN.passed
    assert not BROKEN.passed
    assert not ABSENT.passed
    assert not ServiceReport("security", [], 1.0).passed


def test_refused_is_what_nobody_got_an_answer_from() -> None:
    assert BROKEN.refused == ["GET /b"]


def test_the_document_holds_what_the_table_says() -> None:
    document = as_document([CLEAN, ABSENT], 11.0)
    assert not document["passed"]
    assert document["cases"] == 200
    assert [item["problem"] for item in document["services"]] == [None, "it did not start"]
    assert as_document([CLEAN], 1.0)["passed"]
