"""`python -m ai_assistant_testing --port 8080`: runs the stand-in as a server; needs uvicorn and starlette.

Set OPENAI_BASE_URL to http://<host>:8080/v1 or ANTHROPIC_BASE_URL to http://<host>:8080; any key works. A
model answers with the user's last message, word by word. Words in the model's name change the answer, for
instance `slow-1`, `gpt-fail-429` or `claude-cut`:

slow       waits longer before every piece
fail       answers with an error status: `fail-429`, `fail-529` ..., 500 without a number
unknown    answers 404, as a provider does for a model that it has withdrawn
silent     begins the response and never sends text
hang       sends the text, then nothing more
cut        ends the response after the text, without its proper end
drop       closes the connection after the text
garbage    sends something that is not JSON after the text
"""

import argparse
import sys
from collections.abc import Sequence

import uvicorn

from ai_assistant_testing.behaviours import Behaviours
from ai_assistant_testing.stand_in import StandIn


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="ai_assistant_testing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - reached from other pods
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before every piece of text")
    parser.add_argument("--slow-delay", type=float, default=5, help="the same for slow models")
    parser.add_argument("--key", help="the only key that is good; any is without it")
    parsed = parser.parse_args(arguments)
    app = StandIn(Behaviours(parsed.delay, parsed.slow_delay).choose, parsed.key).app
    uvicorn.run(app, host=parsed.host, port=parsed.port, timeout_graceful_shutdown=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
