"""Client addresses in the form that the rules compare."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address


def network_of(value: object) -> str | None:
    """The network that stands for a client; None for an invalid address.

    An IPv4 address stands for itself, an IPv6 address for its /64, which belongs to one subscriber.
    """
    if not isinstance(value, str):
        return None
    try:
        address = ip_address(value)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((IPv6Address(int(address)), 64), strict=False))
