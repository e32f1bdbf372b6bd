"""Failures between the service and 1C, as the problems that callers see."""

from typing import Self

from assistants_common.problems import ProblemError
from onec_integration.refusals import Refusal

NO_SESSION = "onec_no_session"
NOT_FOUND = "onec_not_found"
SERVER_ERROR = "onec_server_error"
TIMEOUT = "onec_timeout"
TOO_LONG = "onec_answer_too_long"
UNEXPECTED = "onec_unexpected_answer"
_RETRY_AFTER_SECONDS = "15"


class OneCError(ProblemError):
    """A request to 1C failed. `code` names the cause; `retryable`: the cause may pass.

    1C's reason is for jobs and logs. It may name internals of the base, so callers of the API do not see it.
    """

    def __init__(self, status: int, code: str, detail: str, *, retryable: bool = False) -> None:
        headers = {"Retry-After": _RETRY_AFTER_SECONDS} if retryable else None
        super().__init__(status, detail, headers=headers, code=code)
        self.code = code
        self.detail_text = detail
        self.retryable = retryable
        self.reason: Refusal | None = None

    def because(self, reason: Refusal | None) -> Self:
        """This error, with the reason that 1C gives."""
        self.reason = reason
        if reason is not None:
            self.detail_text = f"{self.detail_text} 1C says: {reason}"
        return self


def not_configured() -> OneCError:
    return OneCError(503, "onec_not_configured", "No 1C server is configured: ONEC_SERVER_URL is empty.")


def address_refused() -> OneCError:
    detail = "ONEC_SERVER_URL leads to an address this service must not call."
    return OneCError(503, "onec_address_refused", detail)


def unreachable() -> OneCError:
    return OneCError(502, "onec_unreachable", "The 1C server cannot be reached.", retryable=True)


def timed_out() -> OneCError:
    return OneCError(504, TIMEOUT, "The 1C server did not answer in time.", retryable=True)


def no_session() -> OneCError:
    detail = "1C could not start a session: no free licence, or the base is locked."
    return OneCError(503, NO_SESSION, detail, retryable=True)


def sessions_busy() -> OneCError:
    return OneCError(503, "onec_sessions_busy", "All sessions to 1C are in use.", retryable=True)


def bad_credentials() -> OneCError:
    return OneCError(502, "onec_credentials", "1C refused ONEC_USERNAME and ONEC_PASSWORD.")


def no_rights(resource: str) -> OneCError:
    return OneCError(502, "onec_rights", f"The rights of the 1C user do not cover all of {resource}.")


def not_found(resource: str) -> OneCError:
    return OneCError(502, NOT_FOUND, f"The 1C base does not have, or does not publish, {resource}.")


def conflict(resource: str) -> OneCError:
    return OneCError(409, "onec_conflict", f"Somebody changed {resource} in 1C meanwhile.")


def redirected() -> OneCError:
    detail = "The 1C server answered with a redirect, and those are not followed. Correct ONEC_SERVER_URL."
    return OneCError(502, "onec_redirect", detail)


def unexpected(detail: str) -> OneCError:
    return OneCError(502, UNEXPECTED, detail)


def too_long(max_bytes: int) -> OneCError:
    return OneCError(502, TOO_LONG, f"The answer of 1C is longer than {max_bytes} bytes.")


def incomplete(entity_set: str, listed: int, total: int) -> OneCError:
    detail = (
        f"1C counts {total} rows of {entity_set} and listed {listed}: they change too much while they are"
        " read. Resume the synchronization later."
    )
    return OneCError(502, "onec_incomplete", detail)


def server_fault(status: int) -> OneCError:
    detail = f"The 1C server answered with status {status}."
    return OneCError(502, SERVER_ERROR, detail, retryable=True)
