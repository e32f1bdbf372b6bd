"""Limits the addresses for connections, so that a setting cannot direct the service at its own network."""

import asyncio
import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from assistants_common.metadata_addresses import is_metadata
from onec_integration.errors import address_refused, unreachable

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

_PRIVATE = tuple(
    ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_NAT64 = ip_network("64:ff9b::/96")
_NOTHING_TO_CALL = tuple(
    ip_network(block)
    for block in (
        "::/96",  # IPv4 addresses in a form that is out of use
        "::ffff:0:0:0/96",  # IPv4-translated addresses
        "fec0::/10",  # what site-local addresses were
    )
)


def is_allowed(address: Address, *, allow_private: bool) -> bool:
    """Allow global addresses, and private ones by setting; never loopback, link-local, metadata or others."""
    if is_metadata(address):
        return False
    target = _embedded(address)
    if target.is_multicast or target.is_loopback or target.is_link_local:
        return False
    if target.is_reserved or any(target in block for block in _NOTHING_TO_CALL):
        return False
    if any(target in block for block in _PRIVATE):
        return allow_private
    return target.is_global


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 address of such a form; otherwise the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour or address


class AddressGuard:
    """Resolves a host name once per request, so that the request connects to the checked address.

    The owner of a name may answer each query differently (DNS rebinding).
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        denied_networks: Collection[Network] = (),
        allowed_hosts: Collection[str] = (),
    ) -> None:
        self._allow_private = allow_private
        self._denied = tuple(denied_networks)
        self._allowed_hosts = frozenset(allowed_hosts)

    async def resolve(self, host: str, port: int) -> Address:
        """The address to connect to; refuses the host when any of its addresses may not be called."""
        addresses = await self._look_up(host, port)
        exempt = host.lower().rstrip(".") in self._allowed_hosts
        if not all(self.allows(address) and (exempt or not self._denies(address)) for address in addresses):
            raise address_refused()
        return addresses[0]

    def allows(self, address: Address) -> bool:
        """Whether an address may be called at all."""
        return is_allowed(address, allow_private=self._allow_private)

    def _denies(self, address: Address) -> bool:
        forms = {address, _embedded(address)}
        return any(form in network for form in forms for network in self._denied)

    async def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise unreachable() from error
        return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
