"""`python -m onec_simulator`: the simulated base as a server."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

import uvicorn
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistants_common.json_logging import configure_logging
from assistants_common.lifecycle import Lifecycle
from assistants_common.middleware import RequestContextMiddleware
from assistants_common.server import DrainingServer
from assistants_common.settings import secrets_directory
from onec_simulator.base import Base
from onec_simulator.demo import demo_base
from onec_simulator.server import ROOT, build_simulator

logger = logging.getLogger("assistants.onec_simulator")

_STOP_SECONDS = 2
_REREAD_TICKS = 20
"""Of a tenth of a second."""


class Credentials(BaseSettings):
    """Credentials from the environment or from the files of SECRETS_DIR, as in the services."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    onec_username: str = Base.username
    onec_password: SecretStr = SecretStr(Base.password)


def parse_options(arguments: Sequence[str], credentials: Credentials) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="onec_simulator", description=__doc__)
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a container listens on every interface
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8080")))
    parser.add_argument("--latency-ms", type=float, default=0, help="how long each answer takes at least")
    parser.add_argument("--max-sessions", type=int, default=10, help="licences; with none left: status 406")
    parser.add_argument(
        "--session-seconds", type=float, default=300, help="a session unused for longer is gone"
    )
    parser.add_argument(
        "--user", default=credentials.onec_username, help="or ONEC_USERNAME, or a secret file of that name"
    )
    parser.add_argument(
        "--password",
        default=credentials.onec_password.get_secret_value(),
        help="or ONEC_PASSWORD, or a secret file of that name, where no list of processes shows it",
    )
    parser.add_argument("--control", action="store_true", help="offer /control, which changes the behaviour")
    return parser.parse_args(arguments)


def _base(options: argparse.Namespace) -> Base:
    base = demo_base()
    base.username, base.password = options.user, options.password
    base.max_sessions = options.max_sessions
    base.session_idle_seconds = options.session_seconds
    base.delay_seconds = options.latency_ms / 1000
    return base


class _Simulator(DrainingServer):
    """Reads its credentials again, because their mounted Secret may change."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, base: Base, *, rereads: bool) -> None:
        super().__init__(config, lifecycle, drain_seconds=0)
        self._base = base
        self._rereads = rereads

    async def on_tick(self, counter: int) -> bool:
        if self._rereads and counter % _REREAD_TICKS == 0:
            found = _credentials()
            self._base.username, self._base.password = (
                found.onec_username,
                found.onec_password.get_secret_value(),
            )
        return await super().on_tick(counter)


def _credentials() -> Credentials:
    return Credentials(_secrets_dir=secrets_directory())


def main(arguments: Sequence[str] | None = None) -> int:
    credentials = _credentials()
    options = parse_options(sys.argv[1:] if arguments is None else arguments, credentials)
    configure_logging("onec-simulator", os.environ.get("SERVICE_VERSION", "0.0.0-dev"), "INFO")
    lifecycle, base = Lifecycle(), _base(options)
    app = RequestContextMiddleware(build_simulator(base, control=options.control), lifecycle)
    config = uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
    rows = sum(len(entity_set.rows) for entity_set in base.entity_sets.values())
    logger.info("the simulated base is ready", extra={"rows": rows, "root": ROOT, "user": base.username})
    given = (options.user, options.password)
    rereads = given == (credentials.onec_username, credentials.onec_password.get_secret_value())
    server = _Simulator(config, lifecycle, base, rereads=rereads)
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
