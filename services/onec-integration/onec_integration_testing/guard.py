"""Lets the service call a simulator on this machine."""

from onec_integration.addresses import Address, AddressGuard


class LoopbackGuard(AddressGuard):
    """Allows the loopback address, where the simulator listens and no real 1C server may be."""

    def allows(self, address: Address) -> bool:
        return address.is_loopback or super().allows(address)
