"""The results of the runs, as a table and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .runs import Outcome

_HEAD = (
    "service",
    "operations",
    "never accepted",
    "cases",
    "server errors",
    "contract breaks",
    "other errors",
    "seconds",
)


@dataclass(frozen=True)
class ServiceReport:
    service: str
    outcomes: Sequence[Outcome]
    """One for each identity."""

    seconds: float
    problem: str = ""
    """Why the service could not be tested."""

    operations: Sequence[str] = ()
    """Those of the description that were to be tested."""

    @property
    def passed(self) -> bool:
        return (
            not self.problem
            and bool(self.outcomes)
            and not self.refused
            and all(not outcome.failures for outcome in self.outcomes)
        )

    @property
    def cases(self) -> int:
        return sum(outcome.cases for outcome in self.outcomes)

    @property
    def refused(self) -> list[str]:
        """Operations that accepted nothing from any caller: their own work was not tested."""
        return sorted(set(self.operations).difference(*(outcome.accepted for outcome in self.outcomes)))

    def row(self) -> tuple[str, int, int, int, int, int, int, float]:
        """The row; a failure that several identities found counts once."""
        return (
            self.service,
            len(self.operations),
            len(self.refused),
            self.cases,
            len({item for outcome in self.outcomes for item in outcome.server_errors}),
            len({item for outcome in self.outcomes for item in outcome.contract_breaks}),
            len({item for outcome in self.outcomes for item in outcome.other_errors}) + bool(self.problem),
            self.seconds,
        )


def as_table(reports: Sequence[ServiceReport], seconds: float) -> str:
    rows = [report.row() for report in reports]
    sums = [sum(column) for column in zip(*(row[1:7] for row in rows), strict=True)]
    cells = [_HEAD, *(_cells(*row) for row in rows), _cells("all", *sums, seconds)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:-1], "-" * len(lines[0]), lines[-1]])


def _cells(*row: object) -> tuple[str, ...]:
    return tuple(f"{cell:.0f}" if isinstance(cell, float) else str(cell) for cell in row)


def as_document(reports: Sequence[ServiceReport], seconds: float) -> dict[str, Any]:
    return {
        "passed": all(report.passed for report in reports),
        "cases": sum(report.cases for report in reports),
        "seconds": round(seconds, 1),
        "services": [
            {
                "service": report.service,
                "passed": report.passed,
                "seconds": round(report.seconds, 1),
                "problem": report.problem or None,
                "operations": report.operations,
                "refused": report.refused,
                "runs": [asdict(outcome) for outcome in report.outcomes],
            }
            for report in reports
        ],
    }
