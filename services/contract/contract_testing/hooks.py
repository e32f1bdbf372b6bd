"""Hooks for schemathesis: change its requests, and record the operations they reached."""

import atexit
import json
import os
from http import HTTPStatus
from ipaddress import IPv4Address
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.auths import AuthContext, set_on_case

PROTECTED_IDS_VARIABLE = "CONTRACT_PROTECTED_IDS"
ACCEPTED_FILE_VARIABLE = "CONTRACT_ACCEPTED_FILE"
EXAMPLES_FILE_VARIABLE = "CONTRACT_EXAMPLES_FILE"
_FIRST_CLIENT = IPv4Address("10.0.0.1")
_clients = count()
_accepted: set[str] = set()
_protected = frozenset(os.environ.get(PROTECTED_IDS_VARIABLE, "").split())
_examples: dict[str, dict[str, Any]] = (
    json.loads(Path(os.environ[EXAMPLES_FILE_VARIABLE]).read_text())
    if EXAMPLES_FILE_VARIABLE in os.environ
    else {}
)

# The format allows addresses that no mailbox can have, such as quoted ones and those of reserved domains.
# The services refuse them, which a schema cannot say.
schemathesis.openapi.format(
    "email",
    strategies.from_regex(
        r"[a-z0-9]{1,20}([.+_-][a-z0-9]{1,20}){0,2}@[a-z]{2,20}\.example\.(com|org|net)", fullmatch=True
    ),
)


# A schema cannot express which passwords are too common either.
schemathesis.openapi.format("password", strategies.from_regex(r"Zebra-[ -~]{6,90}", fullmatch=True))


@schemathesis.hook
def before_add_examples(context: schemathesis.HookContext, examples: list["schemathesis.Case[Any]"]) -> None:
    """Add the request that needs a real object, once, because the request may use the object up."""
    operation = context.operation
    found = _examples.pop(operation.label, None) if operation else None
    if operation is None or found is None:
        return
    case = operation.Case(
        path_parameters=found["path_parameters"],
        query=found["query"],
        cookies=found["cookies"],
    )
    if found["body"] is not None:
        case.body, case.media_type = found["body"], "application/json"
    set_on_case(case, AuthContext(operation=operation, app=operation.app), None)
    examples.append(case)


@schemathesis.hook
def before_call(
    _context: schemathesis.HookContext, case: "schemathesis.Case[Any]", _kwargs: dict[str, Any]
) -> None:
    """Give every request another address, so that limits per address do not stop the run."""
    case.headers["X-Forwarded-For"] = str(_FIRST_CLIENT + next(_clients))


@schemathesis.hook
def filter_case(_context: schemathesis.HookContext, case: "schemathesis.Case[Any]") -> bool:
    """Drop requests that would change the callers' roles, which the run needs."""
    if case.method == "GET":
        return True
    return not any(str(value) in _protected for value in (case.path_parameters or {}).values())


@schemathesis.hook
def after_call(
    _context: schemathesis.HookContext, case: "schemathesis.Case[Any]", response: schemathesis.Response
) -> None:
    if response.status_code < HTTPStatus.BAD_REQUEST:
        _accepted.add(case.operation.label)


@atexit.register
def _write_accepted() -> None:
    """Write the operations that accepted a request; the report does not show those within sequences."""
    if ACCEPTED_FILE_VARIABLE in os.environ:
        Path(os.environ[ACCEPTED_FILE_VARIABLE]).write_text("\n".join(sorted(_accepted)))
