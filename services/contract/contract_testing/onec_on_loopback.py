"""`python -m contract_testing.onec_on_loopback`: 1c-integration, allowed to call the simulator.

The service refuses loopback addresses by design, and that is where the simulator listens.
"""

import sys
from dataclasses import replace

from fastapi import FastAPI

from assistants_common.service import run
from onec_integration.__main__ import SERVICE
from onec_integration.addresses import Address, AddressGuard
from onec_integration.app import build_app
from onec_integration.settings import Settings


class LoopbackGuard(AddressGuard):
    def allows(self, address: Address) -> bool:
        return address.is_loopback


def _build(settings: Settings) -> FastAPI:
    return build_app(settings, LoopbackGuard(allow_private=True))


if __name__ == "__main__":
    sys.exit(run(replace(SERVICE, create_app=_build)))
