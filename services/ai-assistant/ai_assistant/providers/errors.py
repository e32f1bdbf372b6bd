"""Turns failures of a provider into problems for the caller."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import ceil

import httpx2

from ai_assistant.providers.documents import NoDocumentError, ReportedError
from ai_assistant.providers.meanings import (
    UNKNOWN_MODEL,
    USELESS,
    WRONG_ADDRESS,
    Meaning,
    Remedy,
    Report,
    meaning_of,
)
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

OPENAI, ANTHROPIC = "openai", "anthropic"
KEY_SETTINGS = {OPENAI: "OPENAI_API_KEY", ANTHROPIC: "ANTHROPIC_API_KEY"}
URL_SETTINGS = {OPENAI: "OPENAI_BASE_URL", ANTHROPIC: "ANTHROPIC_BASE_URL"}

_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
# Reading an answer of another shape raises one of these; a document nested too deep raises RecursionError.
_MISREAD = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
_LONGEST_RETRY_AFTER = 3600
_DEFAULT_RETRY_AFTER = 10
_LONGEST_NAME = 100
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Raised:
    """An SDK's exceptions, from the narrowest to the widest; the service loads an SDK only with a key."""

    timeout: type[Exception]
    connection: type[Exception]
    reported: type[Exception]
    any: type[Exception]


class ProviderError(ProblemError):
    """A provider gave no answer. `billed` tells whether the provider may have counted tokens all the same."""

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
        """This error combined with the failure of the fallback `model`."""
        detail = f"{self.problem_detail} The fallback model {model!r} did not help: {other.problem_detail}"
        return ProviderError(
            self.status_code,
            detail,
            billed=self.billed,
            remedy=self.remedy,
            retry_after=self.retry_after,
        )


class UnknownModelError(ProviderError):
    """The provider does not have the model."""


@contextmanager
def provider_errors(provider: str, raised: Raised, model: str | None = None) -> Iterator[None]:
    """Turn the SDKs' exceptions into problems, without the providers' messages, which may quote the key."""
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
    except (raised.reported, ReportedError) as error:
        report, response = _report(error)
        _log(provider, model, error, report)
        raise _reported(provider, model, report, response) from error
    except NoDocumentError as error:
        _log(provider, model, error)
        raise _from_meaning(WRONG_ADDRESS, provider, model, billed=True) from error
    except (raised.any, httpx2.HTTPError, *_MISREAD) as error:
        _log(provider, model, error)
        raise _from_meaning(USELESS, provider, model, billed=True) from error


def timed_out(provider: str, *, billed: bool = True, remedy: Remedy = Remedy.FALLBACK) -> ProviderError:
    return ProviderError(504, f"{provider} did not answer in time.", billed=billed, remedy=remedy)


def broke_off(provider: str) -> ProviderError:
    return ProviderError(502, f"The answer of {provider} broke off.", billed=True, remedy=Remedy.RETRY)


def _was_reached(error: Exception) -> bool:
    """Whether a connection existed, so that the request may have reached the provider."""
    return not isinstance(error.__cause__ or error, _UNREACHED)


def _log(provider: str, model: str | None, error: Exception, report: Report | None = None) -> None:
    details = {
        "provider": provider,
        "model": model,
        "error": type(error).__name__,
        "provider_status": report.status if report else None,
        "provider_error": (report.code or report.type or "")[:_LONGEST_NAME] if report else None,
        "provider_request_id": getattr(error, "request_id", None),
    }
    logger.warning("the provider failed", extra=details)


def _report(error: Exception) -> tuple[Report, httpx2.Response | None]:
    """The provider's report of a failure, by status or within a response with status 200."""
    response: httpx2.Response | None = getattr(error, "response", None)
    status = 0 if response is None or response.is_success else response.status_code
    return Report(status, getattr(error, "body", None)), response


def _reported(
    provider: str, model: str | None, report: Report, response: httpx2.Response | None
) -> ProviderError:
    meaning = meaning_of(report, model)
    billed = report.status == 0
    if meaning is UNKNOWN_MODEL:
        detail = meaning.detail.format(provider=provider, model=model)
        return UnknownModelError(meaning.status, detail, billed=billed)
    headers = httpx2.Headers() if response is None else response.headers
    return _from_meaning(meaning, provider, model, billed=billed, headers=headers)


def _from_meaning(
    meaning: Meaning,
    provider: str,
    model: str | None,
    *,
    billed: bool,
    headers: httpx2.Headers | None = None,
) -> ProviderError:
    headers = headers or httpx2.Headers()
    remedy = meaning.remedy
    if remedy is Remedy.RETRY and headers.get("x-should-retry") == "false":
        remedy = Remedy.FALLBACK
    detail = meaning.detail.format(
        provider=provider, model=model, key=KEY_SETTINGS[provider], url=URL_SETTINGS[provider]
    )
    return ProviderError(
        meaning.status, detail, billed=billed, remedy=remedy, retry_after=_retry_after(headers)
    )


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds to wait, from a header in milliseconds, in seconds or with a date; None for other values."""
    milliseconds, value = headers.get("retry-after-ms", "").strip(), headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds)


def _header(seconds: float | None) -> str:
    wanted = _DEFAULT_RETRY_AFTER if seconds is None else min(seconds, _LONGEST_RETRY_AFTER)
    return str(max(1, ceil(wanted)))
