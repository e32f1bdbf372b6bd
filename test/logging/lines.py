"""Prints log lines as the Python services do: through their own package, with what must not be kept among it."""

import logging
import sys

from assistants_common.context import request_id_var, traceparent_var
from assistants_common.json_logging import configure_logging


def main() -> None:
    """Print an access line, a fault with its stack, a line with secrets and one with an unknown field."""
    configure_logging("ai-assistant", "0.1.0", "DEBUG")
    request_id_var.set("4c2f7f6b54f6467b9c5b6d7e8f901234")
    traceparent_var.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    access = {"method": "POST", "path": "/chat", "status": 200, "duration_ms": 12.5, "client": "192.0.2.7"}
    logging.getLogger("assistants.access").info("request served", extra=access)
    logger = logging.getLogger("ai_assistant")
    try:
        raise ValueError("no such user: ivan@example.com")
    except ValueError:
        logger.exception("the provider failed", extra={"provider": "openai", "provider_status": 401})
    logger.warning("sent %s", "Authorization: Bearer abc.def.ghi", extra={"usage": {"tokens": 7}, "model": "gpt-5.5"})
    logger.info("an unknown field", extra={"novelty": {"depth": [1, 2]}, "attempt": "many"})


if __name__ == "__main__":
    sys.exit(main())
