"""`scripts/contract-test`: the command line."""
# ruff: noqa: T201 - a command prints

import argparse
import json
import signal
import sys
from collections.abc import Sequence
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


def main(arguments: Sequence[str] | None = None) -> int:
    signal.signal(signal.SIGTERM, _leave)
    parsed = _parse(arguments)
    services: list[str] = parsed.services or list(TARGETS)
    if parsed.serve:
        return _serve(services[0])
    begin = monotonic()
    reports = _test(services, parsed)
    seconds = monotonic() - begin
    print(json.dumps(as_document(reports, seconds), indent=2) if parsed.json else as_table(reports, seconds))
    return 0 if all(report.passed for report in reports) else _EXIT_FAILURE


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """As on Ctrl-C: what was started is stopped on the way out."""
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


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not valid, expected a whole number of at least 1")
    return number


def _test(services: Sequence[str], parsed: argparse.Namespace) -> list[ServiceReport]:
    options = Options(parsed.examples, parsed.seed, tuple(parsed.operation))
    if len(services) == 1:
        report = run_one(services[0], options)
        _tell(report)
        return [report]
    operations = [part for pattern in options.include for part in ("--operation", pattern)]
    passed_on = ["--examples", str(options.examples), "--seed", str(options.seed), *operations]
    return run_several(services, passed_on, parsed.jobs)


def _tell(report: ServiceReport) -> None:
    """What failed, in full, on the error stream: the output holds the results alone."""
    known: set[str] = set()
    for outcome in report.outcomes:
        text = without_known(outcome.failures, known) if outcome.failures else ""
        if text:
            print(f"\n=== {report.service} as {outcome.identity}\n\n{text}\n", file=sys.stderr)
    if report.problem:
        print(f"\n=== {report.service} could not be tested\n{report.problem}", file=sys.stderr)
    if report.refused:
        print(f"{report.service} never accepted: {', '.join(report.refused)}", file=sys.stderr)
    verdict = "passed" if report.passed else "FAILED"
    print(f"{report.service}: {verdict} after {report.seconds:.0f} s", file=sys.stderr)


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
