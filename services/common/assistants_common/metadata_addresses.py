"""Addresses where clouds give a machine its metadata and credentials: the services never call them."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

type Address = IPv4Address | IPv6Address

_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(block)
    for block in (
        "169.254.0.0/16",  # AWS, Azure, Google Cloud, OpenStack and most others
        "fe80::/10",  # OpenStack by IPv6
        "168.63.129.16/32",  # Azure, its host
        "100.100.100.200/32",  # Alibaba Cloud
        "192.0.0.192/32",  # Oracle Cloud
        "fd00:ec2::/32",  # AWS: metadata, name servers, time, credentials of pods
        "fd20:ce::/32",  # Google Cloud
        "fd00:c1::/32",  # Oracle Cloud
        "fd00:42::/32",  # Scaleway
        "fd00:a9fe:a9fe::/48",  # Akamai (Linode)
    )
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
_LOW = 0xFFFF_FFFF
# A translator may use any prefix (RFC 6052), so for these addresses only the last 32 bits count.
_ENDS = frozenset(
    int(IPv4Address(text))
    for text in ("169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200")
)


def embedded(address: Address) -> frozenset[Address]:
    """The address, and the IPv4 addresses that it may reach by mapping, translation or a tunnel."""
    if isinstance(address, IPv4Address):
        return frozenset({address})
    low = IPv4Address(int(address) & _LOW)
    found: set[Address | None] = {address, address.ipv4_mapped, address.sixtofour, *(address.teredo or ())}
    if any(address in network for network in _NAT64) or (int(address) >> 32) & _LOW in _ISATAP:
        found.add(low)
    return frozenset(one for one in found if one is not None)


def is_metadata(address: Address) -> bool:
    """Whether a request to the address may reach the metadata of a cloud."""
    if isinstance(address, IPv6Address) and int(address) & _LOW in _ENDS:
        return True
    return any(one in network for one in embedded(address) for network in _NETWORKS)
