"""Runs the service in its own process, which a test can kill, with a simulator on the loopback address."""

import sys

from fastapi import FastAPI

from assistants_common.service import Service, run
from onec_integration import NAME, migrations
from onec_integration.app import build_app
from onec_integration.settings import Settings
from onec_integration_testing.guard import LoopbackGuard


def build(settings: Settings) -> FastAPI:
    return build_app(settings, LoopbackGuard(allow_private=True))


if __name__ == "__main__":
    sys.exit(run(Service(name=NAME, settings=Settings, create_app=build, migrations=migrations.__name__)))
