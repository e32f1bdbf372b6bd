"""`scripts/contract-test`: the command line."""
# ruff: noqa: T201 - a command prints

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from secrets import randbelow
from time import monotonic
from types import FrameType

from .failures import variable_of, without_known
from .report import ServiceReport, as_document, as_table
from .runs import Options
from .targets import TARGETS
from .testing import run_one, run_several, started

_EXIT_FAILURE = 1
_EXAMPLES = 25
_SEED = 20_250_301
_JOBS = 2
_DEEP_MINUTES = 60


def main(arguments: Sequence[str] | None = None) -> int:
    signal.signal(signal.SIGTERM, _leave)
    parsed = _parse(arguments)
    services: list[str] = parsed.services or list(TARGETS)
    if parsed.serve:
        return _serve(services[0])
    if parsed.deep is not None:
        return _deep(services, parsed)
    return 0 if _round(services, parsed) else _EXIT_FAILURE


def _deep(services: Sequence[str], parsed: argparse.Namespace) -> int:
    """Run rounds with new seeds until the time is over; the last round runs to its end."""
    end = monotonic() + parsed.deep * 60
    failed: list[int] = []
    rounds = 0
    while monotonic() < end:
        rounds += 1
        parsed.seed = randbelow(2**32)
        _say(f"\nround {rounds}, {max(0, end - monotonic()) / 60:.0f} minutes left, --seed {parsed.seed}")
        if not _round(services, parsed):
            failed.append(parsed.seed)
    _say(
        f"\n{rounds} rounds, {len(failed)} failed{': --seed ' if failed else ''}{', '.join(map(str, failed))}"
    )
    return _EXIT_FAILURE if failed else 0


def _round(services: Sequence[str], parsed: argparse.Namespace) -> bool:
    """Test all services once; returns whether they passed."""
    begin = monotonic()
    reports = _test(services, parsed)
    seconds = monotonic() - begin
    text = json.dumps(as_document(reports, seconds), indent=2) if parsed.json else as_table(reports, seconds)
    print(text, flush=True)
    return all(report.passed for report in reports)


def _say(text: str) -> None:
    """Print to the error stream, because standard output has only the results."""
    print(text, file=sys.stderr, flush=True)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """Exit as on Ctrl-C, which stops the started processes."""
    raise SystemExit(_EXIT_FAILURE)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/contract-test",
        description="Tests services by generated requests of each role against their OpenAPI descriptions.",
        epilog="Exit code 1 when anything fails; what failed is printed with the curl command that shows it"
        " again. Call `scripts/contract-test --serve SERVICE` for a service to send it to.",
    )
    add = parser.add_argument
    add("services", nargs="*", metavar="SERVICE", help=f"default: all of {', '.join(TARGETS)}")
    add("--examples", type=_positive, default=_EXAMPLES, metavar="N", help=_EXAMPLES_HELP)
    add("--seed", type=int, default=_SEED, help="of the random numbers (default: %(default)s)")
    add(
        "--jobs", type=_positive, default=_JOBS, metavar="N", help="services at a time (default: %(default)s)"
    )
    add("--operation", action="append", default=[], metavar="REGEX", help="only some, such as 'POST /chat'")
    add("--deep", type=_minutes, nargs="?", const=_DEEP_MINUTES, metavar="MINUTES", help=_DEEP_HELP)
    add("--json", action="store_true", help="print the results as JSON")
    add("--serve", action="store_true", help="start one service as for a test, and wait for Ctrl-C")
    parsed = parser.parse_args(arguments)
    unknown = [name for name in parsed.services if name not in TARGETS]
    if unknown:
        parser.error(f"{', '.join(unknown)} is unknown, expected one of {', '.join(TARGETS)}")
    if parsed.serve and len(parsed.services) != 1:
        parser.error("--serve takes one service")
    return parsed


_EXAMPLES_HELP = (
    "generated requests for each operation, role and phase (default: %(default)s; a fifth for the gateway)"
)


_DEEP_HELP = "again and again with new seeds, which are printed, for so long (default: an hour)"


def _minutes(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not valid, expected a number of minutes above 0")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not valid, expected a whole number of at least 1")
    return number


def _test(services: Sequence[str], parsed: argparse.Namespace) -> list[ServiceReport]:
    options = Options(parsed.examples, parsed.seed, tuple(parsed.operation))
    if len(services) == 1:
        report = run_one(services[0], options, _say)
        _tell(report)
        return [report]
    operations = [part for pattern in options.include for part in ("--operation", pattern)]
    passed_on = ["--examples", str(options.examples), "--seed", str(options.seed), *operations]
    return run_several(services, passed_on, parsed.jobs)


def _tell(report: ServiceReport) -> None:
    """Print the failures in full."""
    known: set[str] = set()
    for outcome in report.outcomes:
        text = without_known(outcome.failures, known) if outcome.failures else ""
        if text:
            _say(f"\n=== {report.service} as {outcome.identity}\n\n{text}\n")
    if report.problem:
        _say(f"\n=== {report.service} could not be tested\n{report.problem}")
    for operation in report.refused:
        _say(f"{report.service} never accepted: {operation}")
    _say(f"{report.service}: {'passed' if report.passed else 'FAILED'} after {report.seconds:.0f} s")


def _serve(service: str) -> int:
    with started(service) as (running, _):
        print(f"export URL={running.url}")
        for name, token in running.tokens.items():
            print(f"export {variable_of(name)}={token}")
        print(f"# {service} runs until Ctrl-C.", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
