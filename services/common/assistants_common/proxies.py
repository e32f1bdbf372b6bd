"""Decides which proxies in front of the platform are trusted to name their client."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Finds the client among the hops of X-Forwarded-For by the same rule as the edge and the gateway."""

    networks: tuple[Network, ...] = ()
    depth: int | None = None
    """Which hop before the proxy at the edge is the client; None: the last one not of `networks`."""

    def client(self, forwarded: Sequence[str], peer: str | None) -> str | None:
        """The address of the client, or of the peer when the edge wrote no address.

        The edge wrote the last hop; earlier hops come from the caller and count only when it is trusted.
        """
        hops = [plain_address(hop.strip()) for hop in ",".join(forwarded).split(",")]
        last = hops.pop()
        if last is None:
            return plain_address(peer) or peer if peer else None
        if self.depth is not None:
            named = hops[-self.depth] if len(hops) >= self.depth else None
            return named if named and self._trusts(last) else last
        return self._first_untrusted(last, hops)

    def _first_untrusted(self, hop: str, before: list[str | None]) -> str:
        while before and self._trusts(hop) and (named := before.pop()) is not None:
            hop = named
        return hop

    def _trusts(self, hop: str) -> bool:
        address = ip_address(hop)
        return any(address.version == network.version and address in network for network in self.networks)


NO_PROXIES = TrustedProxies()


def plain_address(text: str) -> str | None:
    """The address in its usual form; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    return str(address)
