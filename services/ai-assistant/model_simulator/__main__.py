"""`python -m model_simulator`: the simulator as a server."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import uvicorn

from assistants_common.json_logging import configure_logging
from assistants_common.lifecycle import Lifecycle
from assistants_common.middleware import RequestContextMiddleware
from assistants_common.server import DrainingServer
from model_simulator.server import build_simulator

logger = logging.getLogger("assistants.model_simulator")

_STOP_SECONDS = 2


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="model_simulator", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a container listens on every interface
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")))
    parser.add_argument("--piece-ms", type=float, default=20, help="how long each piece of a stream takes")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_options(sys.argv[1:] if arguments is None else arguments)
    configure_logging("model-simulator", os.environ.get("SERVICE_VERSION", "0.0.0-dev"), "INFO")
    lifecycle = Lifecycle()
    config = uvicorn.Config(
        RequestContextMiddleware(build_simulator(options.piece_ms / 1000), lifecycle),
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    server = DrainingServer(config, lifecycle, drain_seconds=0)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
