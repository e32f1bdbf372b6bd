"""Lets the service call a simulator on this machine."""

from onec_integration.addresses import Address, AddressGuard


class LoopbackGuard(AddressGuard):
    """The simulator listens where no real 1C server may be: on the loopback address."""

    def allows(self, address: Address) -> bool:
        return address.is_loopback or super().allows(address)
