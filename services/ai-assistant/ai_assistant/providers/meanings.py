"""The meaning of a failure that a provider reports: the party that can correct it.

422: the provider refused the content, which the caller can change. 503: only a change of the configuration
helps. Neither is 502 or 504, which would count as failures of this service and open a circuit breaker.
"""

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

_OVERLOADED = 529
_UNPAID = HTTPStatus.PAYMENT_REQUIRED
_LONGEST_TEXT = 10_000

_STATUS_OF_NAME = {
    "api_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "authentication_error": HTTPStatus.UNAUTHORIZED,
    "badrequesterror": HTTPStatus.BAD_REQUEST,
    "billing_error": _UNPAID,
    "content_filter": HTTPStatus.BAD_REQUEST,
    "context_length_exceeded": HTTPStatus.BAD_REQUEST,
    "exceed_context_size_error": HTTPStatus.BAD_REQUEST,
    "insufficient_quota": _UNPAID,
    "internalservererror": HTTPStatus.INTERNAL_SERVER_ERROR,
    "invalid_api_key": HTTPStatus.UNAUTHORIZED,
    "invalid_request_error": HTTPStatus.BAD_REQUEST,
    "model_not_found": HTTPStatus.NOT_FOUND,
    "not_found_error": HTTPStatus.NOT_FOUND,
    "notfounderror": HTTPStatus.NOT_FOUND,
    "overloaded_error": _OVERLOADED,
    "permission_error": HTTPStatus.FORBIDDEN,
    "rate_limit_error": HTTPStatus.TOO_MANY_REQUESTS,
    "rate_limit_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "request_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "server_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "timeout_error": HTTPStatus.GATEWAY_TIMEOUT,
    "unavailable_error": HTTPStatus.SERVICE_UNAVAILABLE,
}
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}

# The codes of OpenAI, Azure, Anthropic, vLLM, LiteLLM, llama.cpp and others, in lower case.
_UNKNOWN_MODEL = {"model_not_found", "deploymentnotfound", "model_not_available", "invalid_model"}
_UNKNOWN_MODEL_WORDS = ("invalid model name", "not a valid model", "model not found", "model does not exist")
_TOO_LONG_WORDS = (
    "context length",
    "context window",
    "context size",
    "context_length",
    "context_size",
    "too long",
    "too many tokens",
    "reduce the length",
    "string_above_max_length",
)
_FILTER_WORDS = ("content_filter", "content_policy", "content management policy", "responsibleaipolicy")
_UNPAID_WORDS = ("credit balance", "insufficient_quota")
_SET_UP_WORDS = (
    "unsupported_parameter",
    "unsupported_value",
    "unsupported parameter",
    "unsupported value",
    "unknown_parameter",
    "unrecognized request argument",
    "extra_forbidden",
    "extra inputs are not permitted",
    "system role",
    "roles must alternate",
)
LIMIT, OLDER_LIMIT, STREAM_OPTIONS = "max_completion_tokens", "max_tokens", "stream_options"
_LIMITS = (LIMIT, OLDER_LIMIT)


class Remedy(Enum):
    NONE = auto()
    FALLBACK = auto()
    """Another model may answer."""
    RETRY = auto()
    """The same call may go well a moment later; so may another model."""


@dataclass(frozen=True)
class Meaning:
    status: int
    detail: str
    remedy: Remedy = Remedy.NONE


USELESS = Meaning(502, "{provider} gave an answer that cannot be used.")
UNKNOWN_MODEL = Meaning(422, "{provider} does not know the model {model!r}")
WRONG_ADDRESS = Meaning(503, "What answers in the place of {provider} has no such interface: correct {url}.")
_FAILED = Meaning(503, "{provider} failed.", Remedy.RETRY)
_REJECTED = Meaning(422, "{provider} refused the request; a shorter one, or another model, may do.")
_TOO_LONG = Meaning(422, "{provider} refused the request: it is too long for the model.")
_FILTERED = Meaning(422, "{provider} declined the request for what it is about.")
_UNPAID_ACCOUNT = Meaning(
    503, "{provider} wants the account of the key in {key} to be paid for.", Remedy.FALLBACK
)
_SET_UP = Meaning(
    503,
    "{provider} does not take requests of this form for the model {model!r}: name another model, in AI_MODEL"
    " for all, or correct {url}.",
    Remedy.FALLBACK,
)
_LIMIT_REFUSED = Meaning(
    503,
    "{provider} refused the limit of the answer's length for the model {model!r}: change"
    " AI_MAX_OUTPUT_TOKENS, or name another model.",
    Remedy.FALLBACK,
)
_LATE = Meaning(504, "{provider} did not answer in time.", Remedy.RETRY)
_BUSY = Meaning(503, "{provider} is overloaded or over its limit.", Remedy.RETRY)
_MEANINGS: dict[int, Meaning] = {
    400: _REJECTED,
    401: Meaning(503, "{provider} refused the key in {key}."),
    402: _UNPAID_ACCOUNT,
    403: Meaning(503, "{provider} does not allow this to the key in {key}."),
    404: WRONG_ADDRESS,
    405: WRONG_ADDRESS,
    408: _LATE,
    413: _TOO_LONG,
    422: _REJECTED,
    429: _BUSY,
    503: _BUSY,
    504: _LATE,
    _OVERLOADED: _BUSY,
}


@dataclass(frozen=True)
class Report:
    """A provider's report of a failure: its status, or 0 without one, and its document."""

    status: int
    body: object

    @property
    def code(self) -> str | None:
        return self._member("code")

    @property
    def type(self) -> str | None:
        return self._member("type")

    def effective_status(self) -> int:
        """The status; taken from the report's name or number when there is none, or when the name is more
        exact.
        """
        names = [str(value).lower() for value in (self.code, self.type) if value]
        named = next((_STATUS_OF_NAME[name] for name in names if name in _STATUS_OF_NAME), 0)
        if named == _UNPAID:
            return named
        numbers = [int(name) for name in names if name in _NUMBERS]
        return self.status or next(iter(numbers), 0) or named

    def text(self) -> str:
        return str(self.body)[:_LONGEST_TEXT].lower()

    def _member(self, name: str) -> str | None:
        body: Any = self.body
        while isinstance(body, dict) and isinstance(body.get("error"), dict):
            body = body["error"]
        value = body.get(name) if isinstance(body, dict) else None
        return None if value is None else str(value)


_NUMBERS = {str(number) for number in range(400, 600)}


def meaning_of(report: Report, model: str | None) -> Meaning:
    status, text = report.effective_status(), report.text()
    if model is not None and _knows_no_model(report, status, text, model):
        return UNKNOWN_MODEL
    if status in _REFUSALS:
        return _meaning_of_refusal(status, text)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return WRONG_ADDRESS
    return _MEANINGS.get(status, _FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else USELESS)


def _knows_no_model(report: Report, status: int, text: str, model: str) -> bool:
    if str(report.code).lower() in _UNKNOWN_MODEL:
        return True
    if status == HTTPStatus.NOT_FOUND:
        return report.type == "not_found_error" or model.lower() in text
    return status in _REFUSALS and any(words in text for words in _UNKNOWN_MODEL_WORDS)


def _meaning_of_refusal(status: int, text: str) -> Meaning:
    signs = (
        (_TOO_LONG_WORDS, _TOO_LONG),
        (_FILTER_WORDS, _FILTERED),
        (_UNPAID_WORDS, _UNPAID_ACCOUNT),
        (_LIMITS, _LIMIT_REFUSED),
        (_SET_UP_WORDS, _SET_UP),
    )
    found = (meaning for words, meaning in signs if any(word in text for word in words))
    return next(found, _MEANINGS[status])
