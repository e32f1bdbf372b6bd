"""The command line of a service: serve, migrate, migrations, and its own commands."""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistants_common.json_logging import configure_logging
from assistants_common.settings import DatabaseSettings, ServiceSettings, complaints

if TYPE_CHECKING:
    from fastapi import FastAPI

logger = logging.getLogger(__name__)

type Command[S: ServiceSettings] = Callable[[S, Sequence[str]], Awaitable[int]]

SERVE = "serve"
MIGRATE = "migrate"
MIGRATIONS = "migrations"
COMPATIBLE_ONLY = "--backward-compatible-only"
EXIT_FAILURE = 1
EXIT_USAGE = 2


@dataclass(frozen=True)
class Service[S: ServiceSettings]:
    """A service as its `__main__` describes it.

    `name` is also the folder of the service, and with underscores its package. `migrations` is the package
    with the Alembic revisions; `commands` are asynchronous functions of the settings and the remaining
    arguments that return the exit code.
    """

    name: str
    settings: type[S]
    create_app: Callable[[S], "FastAPI"]
    migrations: str | None = None
    commands: Mapping[str, Command[S]] = field(default_factory=dict)


def later(function: str) -> Callable[..., Any]:
    """The function `package.module:name`, imported at its first call: otherwise a pod that migrates before it
    serves would load the whole service twice.
    """

    def call(*arguments: Any) -> Any:  # noqa: ANN401 - those of the function
        return resolve_name(function)(*arguments)

    return call


def run[S: ServiceSettings](service: Service[S], arguments: Sequence[str] | None = None) -> int:
    """Run the command of the command line; returns the exit code."""
    parsed = _parse(service, sys.argv[1:] if arguments is None else arguments)
    if parsed.command == MIGRATIONS and service.migrations:
        return _list_migrations(service.migrations)
    configure_logging(service.name, "unknown", "INFO")
    try:
        settings = service.settings()
    except ValidationError as error:
        logger.critical("the settings are not valid", extra={"errors": complaints(error)})
        return EXIT_FAILURE
    configure_logging(service.name, settings.service_version, settings.effective_log_level)
    if parsed.command == SERVE:
        from assistants_common.server import serve  # noqa: PLC0415 - a migration needs no server

        return serve(service.create_app(settings), settings)
    return _run_command(service, settings, parsed.command, parsed.arguments)


def _parse[S: ServiceSettings](service: Service[S], arguments: Sequence[str]) -> argparse.Namespace:
    choices = [SERVE, *([MIGRATE, MIGRATIONS] if service.migrations else []), *service.commands]
    parser = argparse.ArgumentParser(prog=service.name)
    parser.add_argument("command", nargs="?", default=SERVE, choices=choices)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def _run_command[S: ServiceSettings](
    service: Service[S], settings: S, name: str, arguments: Sequence[str]
) -> int:
    try:
        if name == MIGRATE:
            return asyncio.run(_migrate(service, settings, arguments))
        return asyncio.run(_call(service.commands[name], settings, arguments))
    except Exception:
        logger.exception("%s failed", name)
        return EXIT_FAILURE


def _list_migrations(package: str) -> int:
    """Print the revisions of this release, the newest last. Needs neither settings nor database."""
    from assistants_common.migrations import revisions  # noqa: PLC0415 - a server starts faster without Alembic

    known = [asdict(one) for one in revisions(package)]
    sys.stdout.write(f"{json.dumps({'head': known[-1]['revision'], 'revisions': known})}\n")
    return 0


async def _migrate[S: ServiceSettings](service: Service[S], settings: S, arguments: Sequence[str]) -> int:
    if not isinstance(settings, DatabaseSettings) or service.migrations is None:
        raise TypeError(f"{service.name} has no database to migrate")
    from assistants_common.migrations import MigrationError, migrate  # noqa: PLC0415 - as above

    parser = argparse.ArgumentParser(prog=f"{service.name} {MIGRATE}")
    parser.add_argument(COMPATIBLE_ONLY, action="store_true")
    compatible_only: bool = parser.parse_args(arguments).backward_compatible_only
    try:
        await migrate(settings, service.migrations, backward_compatible_only=compatible_only)
    except MigrationError as error:
        logger.critical("%s", error)
        return EXIT_FAILURE
    return 0


async def _call[S: ServiceSettings](command: Command[S], settings: S, arguments: Sequence[str]) -> int:
    return await command(settings, arguments)
