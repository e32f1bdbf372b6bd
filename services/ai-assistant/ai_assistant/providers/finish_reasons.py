"""Finish reasons of OpenAI, Anthropic and compatible servers."""

from ai_assistant.providers.base import FinishReason
from ai_assistant.providers.documents import ReportedError

_REASONS = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "content_filter": FinishReason.REFUSAL,
    "refusal": FinishReason.REFUSAL,
    "safety": FinishReason.REFUSAL,
    "recitation": FinishReason.REFUSAL,
    "prohibited_content": FinishReason.REFUSAL,
}
_FAILURES = {"error", "abort", "cancelled", "insufficient_system_resource"}


def finish_reason(word: str) -> FinishReason:
    """The finish reason; an unknown word means a normal end. ReportedError for the word of a failure."""
    known = word.lower()
    if known in _FAILURES:
        raise ReportedError({"type": "server_error"})
    return _REASONS.get(known, FinishReason.STOP)
