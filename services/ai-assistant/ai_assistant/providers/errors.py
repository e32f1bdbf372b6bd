"""What a failure of a provider means to the caller.

A request the provider refuses for its content is the caller's to change and answered 422: as a 502 it would
count against this service where failures open a circuit breaker.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import anthropic
import httpx2
import openai

from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

_TIMEOUTS = (openai.APITimeoutError, anthropic.APITimeoutError, httpx2.TimeoutException)
_CONNECTION = (openai.APIConnectionError, anthropic.APIConnectionError, httpx2.TransportError)
_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_STATUS = (openai.APIStatusError, anthropic.APIStatusError)
_OTHER = (openai.OpenAIError, anthropic.AnthropicError, httpx2.HTTPError, ValueError)
_OVERLOADED = 529
_UNUSABLE_REQUEST = (400, 413, 422)
_STATUS_OF_TYPE = {
    "invalid_request_error": HTTPStatus.BAD_REQUEST,
    "not_found_error": HTTPStatus.NOT_FOUND,
    "rate_limit_error": HTTPStatus.TOO_MANY_REQUESTS,
    "timeout_error": HTTPStatus.GATEWAY_TIMEOUT,
    "overloaded_error": _OVERLOADED,
}
_LONGEST_RETRY_AFTER = 3600
_DEFAULT_RETRY_AFTER = 10


class ProviderError(ProblemError):
    """A provider did not give an answer. `billed` tells whether it may have counted tokens all the same."""

    def __init__(self, status: int, detail: str, *, billed: bool, retry_after: int | None = None) -> None:
        super().__init__(status, detail, headers={"Retry-After": str(retry_after)} if retry_after else None)
        self.billed = billed


@contextmanager
def provider_errors(provider: str, model: str | None = None) -> Iterator[None]:
    """Turn what the SDKs raise into problems, without the messages of providers: they may quote the key."""
    try:
        yield
    except _TIMEOUTS as error:
        _log(provider, model, error)
        raise timed_out(provider, billed=_was_reached(error)) from error
    except _CONNECTION as error:
        _log(provider, model, error)
        raise ProviderError(
            503,
            f"The connection to {provider} failed.",
            billed=_was_reached(error),
            retry_after=_DEFAULT_RETRY_AFTER,
        ) from error
    except _STATUS as error:
        _log(provider, model, error)
        raise _refused(provider, model, error) from error
    except _OTHER as error:
        _log(provider, model, error)
        raise ProviderError(502, f"{provider} gave an answer that cannot be used.", billed=True) from error


def timed_out(provider: str, *, billed: bool = True) -> ProviderError:
    return ProviderError(504, f"{provider} did not answer in time.", billed=billed)


def broke_off(provider: str) -> ProviderError:
    return ProviderError(502, f"The answer of {provider} broke off.", billed=True)


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


def _refused(
    provider: str, model: str | None, error: openai.APIStatusError | anthropic.APIStatusError
) -> ProviderError:
    within_stream = error.status_code < HTTPStatus.BAD_REQUEST
    status = _status_of_type(error) if within_stream else error.status_code
    if status == HTTPStatus.NOT_FOUND:
        code, detail = 422, f"{provider} does not offer the model {model!r}; GET /models lists what there is."
    elif status in _UNUSABLE_REQUEST:
        code, detail = 422, f"{provider} refused the request; it may be too long for the model."
    elif status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        code, detail = 502, f"{provider} refused this platform's key."
    elif status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, _OVERLOADED}:
        code, detail = 503, f"{provider} is overloaded or over its limit."
    elif status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}:
        code, detail = 504, f"{provider} did not answer in time."
    else:
        code, detail = 502, f"{provider} failed."
    retry_after = _retry_after(error.response) if code == HTTPStatus.SERVICE_UNAVAILABLE else None
    return ProviderError(code, detail, billed=within_stream, retry_after=retry_after)


def _status_of_type(error: openai.APIStatusError | anthropic.APIStatusError) -> int:
    """The status an error within a stream stands for: the response itself began with 200."""
    return _STATUS_OF_TYPE.get(str(error.type), HTTPStatus.BAD_GATEWAY)


def _retry_after(response: httpx2.Response) -> int:
    value = response.headers.get("retry-after", "")
    return min(int(value), _LONGEST_RETRY_AFTER) if value.isdecimal() else _DEFAULT_RETRY_AFTER
