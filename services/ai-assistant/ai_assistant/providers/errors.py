"""What a failure of a provider means to the caller, and what may help.

A request the provider refuses for its content is the caller's to change and answered 422: as a 502 it would
count against this service where failures open a circuit breaker.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from math import ceil

import httpx2

from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

OPENAI, ANTHROPIC = "openai", "anthropic"
KEY_SETTINGS = {OPENAI: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}

_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
# The SDKs do not check what they read: an answer of another shape shows as whatever its use raises.
_MISREAD = (ValueError, TypeError, AttributeError, LookupError)
_OVERLOADED = 529
_UNPAID = HTTPStatus.PAYMENT_REQUIRED
_STATUS_OF_NAME = {
    "api_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "authentication_error": HTTPStatus.UNAUTHORIZED,
    "billing_error": _UNPAID,
    "insufficient_quota": _UNPAID,
    "invalid_request_error": HTTPStatus.BAD_REQUEST,
    "not_found_error": HTTPStatus.NOT_FOUND,
    "overloaded_error": _OVERLOADED,
    "permission_error": HTTPStatus.FORBIDDEN,
    "rate_limit_error": HTTPStatus.TOO_MANY_REQUESTS,
    "rate_limit_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "request_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "server_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "timeout_error": HTTPStatus.GATEWAY_TIMEOUT,
}
_LONGEST_RETRY_AFTER = 3600
_DEFAULT_RETRY_AFTER = 10


@dataclass(frozen=True)
class Raised:
    """What an SDK raises, from the narrowest to the widest; it is loaded only where there is a key."""

    timeout: type[Exception]
    connection: type[Exception]
    reported: type[Exception]
    any: type[Exception]


class Remedy(Enum):
    NONE = auto()
    FALLBACK = auto()
    """Another model may answer."""
    RETRY = auto()
    """The same call may go well a moment later; so may another model."""


class ProviderError(ProblemError):
    """A provider did not give an answer. `billed` tells whether it may have counted tokens all the same."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        billed: bool,
        remedy: Remedy = Remedy.NONE,
        retry_after: float | None = None,
    ) -> None:
        passing = status == HTTPStatus.SERVICE_UNAVAILABLE and remedy is Remedy.RETRY
        super().__init__(status, detail, headers={"Retry-After": _header(retry_after)} if passing else None)
        self.billed = billed
        self.remedy = remedy
        self.retry_after = retry_after
        """Seconds the provider asks to wait."""

    def also(self, other: "ProviderError", model: str) -> "ProviderError":
        """This error, after the fallback `model` has failed too."""
        detail = f"{self.problem_detail} The fallback model {model!r} did not help: {other.problem_detail}"
        return ProviderError(
            self.status_code,
            detail,
            billed=self.billed,
            remedy=self.remedy,
            retry_after=self.retry_after,
        )


class UnknownModelError(ProviderError):
    """The provider has no such model, or not any more."""


@dataclass(frozen=True)
class _Meaning:
    status: int
    detail: str
    remedy: Remedy = Remedy.NONE


_USELESS = _Meaning(502, "{provider} gave an answer that cannot be used.")
_FAILED = _Meaning(503, "{provider} failed.", Remedy.RETRY)
_REJECTED = _Meaning(422, "{provider} refused the request; it may be too long for the model.")
_LATE = _Meaning(504, "{provider} did not answer in time.", Remedy.RETRY)
_BUSY = _Meaning(503, "{provider} is overloaded or over its limit.", Remedy.RETRY)
_MEANINGS: dict[int, _Meaning] = {
    400: _REJECTED,
    401: _Meaning(503, "{provider} refused the key in {key}."),
    402: _Meaning(503, "{provider} wants the account of the key in {key} to be paid for.", Remedy.FALLBACK),
    403: _Meaning(503, "{provider} does not allow this to the key in {key}."),
    408: _LATE,
    413: _REJECTED,
    422: _REJECTED,
    429: _BUSY,
    503: _BUSY,
    504: _LATE,
    _OVERLOADED: _BUSY,
}


@contextmanager
def provider_errors(provider: str, raised: Raised, model: str | None = None) -> Iterator[None]:
    """Turn what the SDKs raise into problems, without the messages of providers: they may quote the key."""
    try:
        yield
    except (raised.timeout, httpx2.TimeoutException) as error:
        _log(provider, model, error)
        reached = _was_reached(error)
        raise timed_out(
            provider, billed=reached, remedy=Remedy.FALLBACK if reached else Remedy.RETRY
        ) from error
    except (raised.connection, httpx2.TransportError) as error:
        _log(provider, model, error)
        raise ProviderError(
            503, f"The connection to {provider} failed.", billed=_was_reached(error), remedy=Remedy.RETRY
        ) from error
    except raised.reported as error:
        _log(provider, model, error)
        raise _reported(provider, model, error) from error
    except (raised.any, httpx2.HTTPError, *_MISREAD) as error:
        _log(provider, model, error)
        raise _from_meaning(_USELESS, provider, billed=True) from error


def timed_out(provider: str, *, billed: bool = True, remedy: Remedy = Remedy.FALLBACK) -> ProviderError:
    return ProviderError(504, f"{provider} did not answer in time.", billed=billed, remedy=remedy)


def broke_off(provider: str) -> ProviderError:
    return ProviderError(502, f"The answer of {provider} broke off.", billed=True, remedy=Remedy.RETRY)


def _was_reached(error: Exception) -> bool:
    """Whether there was a connection, so that the request may have got through."""
    return not isinstance(error.__cause__ or error, _UNREACHED)


def _log(provider: str, model: str | None, error: Exception) -> None:
    details = {
        "provider": provider,
        "model": model,
        "error": type(error).__name__,
        "provider_status": getattr(error, "status_code", None),
        "provider_error": getattr(error, "code", None) or getattr(error, "type", None),
        "provider_request_id": getattr(error, "request_id", None),
    }
    logger.warning("the provider failed", extra=details)


def _reported(provider: str, model: str | None, error: Exception) -> ProviderError:
    """An error the provider tells of, by a status or within a stream, which itself began with 200."""
    response: httpx2.Response | None = getattr(error, "response", None)
    within_stream = response is None or response.is_success
    status = _status(error, 0 if response is None or within_stream else response.status_code)
    if status == HTTPStatus.NOT_FOUND:
        detail = (
            f"{provider} does not know the model {model!r}; GET /models lists what there is,"
            " and AI_MODEL sets the default."
        )
        return UnknownModelError(422, detail, billed=within_stream)
    otherwise = _FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _USELESS
    headers = httpx2.Headers() if response is None else response.headers
    return _from_meaning(_MEANINGS.get(status, otherwise), provider, billed=within_stream, headers=headers)


def _status(error: Exception, status: int) -> int:
    """The status of an error, by its name where it has none of its own or the name says more."""
    names = (str(getattr(error, "code", None)), str(getattr(error, "type", None)))
    named = next((_STATUS_OF_NAME[name] for name in names if name in _STATUS_OF_NAME), 0)
    return named if named == _UNPAID else status or named


def _from_meaning(
    meaning: _Meaning, provider: str, *, billed: bool, headers: httpx2.Headers | None = None
) -> ProviderError:
    headers = headers or httpx2.Headers()
    remedy = meaning.remedy
    if remedy is Remedy.RETRY and headers.get("x-should-retry") == "false":
        remedy = Remedy.FALLBACK
    detail = meaning.detail.format(provider=provider, key=KEY_SETTINGS[provider])
    return ProviderError(
        meaning.status, detail, billed=billed, remedy=remedy, retry_after=_retry_after(headers)
    )


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Milliseconds, seconds, or a date."""
    milliseconds, value = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if milliseconds.isdecimal():
        return float(milliseconds) / 1000
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _header(seconds: float | None) -> str:
    wanted = _DEFAULT_RETRY_AFTER if seconds is None else min(seconds, _LONGEST_RETRY_AFTER)
    return str(max(1, ceil(wanted)))
