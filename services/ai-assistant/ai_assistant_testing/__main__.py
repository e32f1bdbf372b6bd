"""`python -m ai_assistant_testing --port 8080`: the stand-in as a server, with uvicorn and starlette alone.

OPENAI_BASE_URL is then http://<host>:8080/v1, ANTHROPIC_BASE_URL http://<host>:8080, and the keys are of any
value. A model answers with the user's last message, word by word. Words within its name change that, for
instance `slow-1`, `gpt-fail-429` or `claude-cut`:

slow       a longer delay before every piece
fail       an error status: `fail-429`, `fail-529` ..., 500 without a number
unknown    404, as for a model the provider has ended
silent     the response begins, and no text ever comes
hang       after the text nothing more comes
cut        after the text the response ends without its proper end
drop       after the text the connection is lost
garbage    after the text something comes that is not JSON
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
