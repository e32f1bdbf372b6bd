"""Writes logs to standard output, one JSON object a line."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from assistants_common.context import request_id_var, traceparent_var

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_QUIET = ("httpx", "httpcore", "alembic.runtime.plugins", "uvicorn.access")


class JsonFormatter(logging.Formatter):
    """Renders a record with the names the log pipeline indexes; `extra` fields are added as they are."""

    def __init__(self, service: str, version: str) -> None:
        super().__init__()
        self._constant = {"service": service, "version": version}

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "timestamp": _timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._constant,
            "request_id": request_id_var.get(),
        }
        traceparent = traceparent_var.get()
        if traceparent:
            document["trace_id"] = traceparent.split("-")[1]
        document.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        text = json.dumps(document, default=str, ensure_ascii=False)
        # Text from a client may contain half of a surrogate pair, which UTF-8 cannot encode.
        return text if text.isascii() else text.encode(errors="replace").decode()


def _timestamp(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure_logging(service: str, version: str, level: str) -> None:
    """Send every logger of the process, the server's too, through one JSON handler.

    Only the platform's own code logs debug lines: libraries put request bodies and statements into theirs.
    """
    threshold = logging.getLevelNamesMapping()[level]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service, version))
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.INFO), force=True)
    logging.captureWarnings(True)
    for name in ("assistants", "assistants_common", service.replace("-", "_")):
        logging.getLogger(name).setLevel(threshold)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
