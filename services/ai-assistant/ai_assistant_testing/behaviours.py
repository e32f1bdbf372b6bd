"""The stand-in's answers when it runs as a server: words within the model's name choose the behaviour."""

import re
from dataclasses import dataclass
from typing import Any

from ai_assistant_testing.stand_in import Failure
from ai_assistant_testing.wire import Reply

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Behaviours:
    """The user's last message comes back word by word, unless the model's name asks for something else."""

    delay: float
    """Seconds before every piece."""
    slow_delay: float
    """The same for a model with "slow" in its name."""

    def choose(self, body: dict[str, Any]) -> Reply | Failure:
        model = str(body.get("model"))
        words = set(re.split(r"[-.:/@_]", model))
        if "fail" in words:
            return _failure(words)
        if "unknown" in words:
            message = f"The model `{model}` does not exist or you do not have access to it."
            return Failure(404, "not_found_error", {}, "model_not_found", message)
        if "silent" in words:
            return Reply(pieces=(), hangs=True)
        pieces = re.findall(r"\S+\s*", _last_text(body))
        return Reply(
            pieces=pieces,
            input_tokens=_tokens(str(body.get("system", "")), *map(_text, body.get("messages", []))),
            output_tokens=_tokens(*pieces),
            pause=self.slow_delay if "slow" in words else self.delay,
            cut="cut" in words,
            drops="drop" in words,
            garbage="garbage" in words,
            hangs="hang" in words,
        )


def _failure(words: set[str]) -> Failure:
    """`fail-429` and the like; `fail` alone is 500."""
    status = next((int(word) for word in words if re.fullmatch(r"[45]\d\d", word)), 500)
    headers = {"retry-after": "1"} if status in {429, 503, 529} else {}
    return Failure(status, _TYPES.get(status, "api_error"), headers)


def _last_text(body: dict[str, Any]) -> str:
    messages = body.get("messages") or [{}]
    return _text(messages[-1])


def _text(message: dict[str, Any]) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    content = message.get("content", "")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)


def _tokens(*texts: str) -> int:
    return sum(-(-len(text.encode()) // _BYTES_PER_TOKEN) for text in texts)
