import json
import logging
from ipaddress import ip_network

import httpx
import pytest

from assistants_common.context import client_address
from assistants_common.json_logging import JsonFormatter
from assistants_common.proxies import TrustedProxies

PEER = "10.1.2.3"
NONE_TRUSTED = TrustedProxies()
NETWORKS = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ([], PEER),
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        (["127.0.0.1, 10.0.0.1 ,  203.0.113.9 "], "203.0.113.9"),
        (["2001:DB8:0::1"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        # After an unreadable hop the service must not trust the hop before it, which the caller may have
        # forged.
        (["203.0.113.9, unknown"], PEER),
        (["203.0.113.9,"], PEER),
        (["203.0.113.9, _hidden"], PEER),
        (["203.0.113.9, 1.2.3.4:80"], PEER),
        (["fe80::1%eth0"], PEER),
        (["203.0.113.9\x00"], PEER),
        (["1.2.3.4' OR 1=1"], PEER),
        (["0x7f.1"], PEER),
        (["9" * 5000], PEER),
    ],
)
def test_only_the_last_hop_counts(forwarded: list[str], expected: str) -> None:
    assert NONE_TRUSTED.client(forwarded, PEER) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        # The last hop is no proxy, so the caller may have forged the earlier hops.
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1, 203.0.113.9", "203.0.113.9"),
        # Through one, and through two.
        ("1.1.1.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 2001:db8:1::5, ::ffff:10.0.0.1", "203.0.113.9"),
        # A client behind the proxy that is in its range itself.
        ("10.0.0.7, 10.0.0.1", "10.0.0.7"),
        ("10.0.0.1", "10.0.0.1"),
        # When a proxy names no valid client, the proxy itself is the best known address.
        ("203.0.113.9, unknown, 10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_trusted_proxy_is_believed(forwarded: str, expected: str) -> None:
    assert TrustedProxies(NETWORKS).client([forwarded], PEER) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("1.1.1.1, 203.0.113.9, 192.0.2.1, 10.0.0.1", "203.0.113.9"),
        # Fewer hops than the depth, or not from a proxy: the service trusts none of them.
        ("203.0.113.9, 10.0.0.1", "10.0.0.1"),
        ("1.1.1.1, 203.0.113.9, 192.0.2.1, 192.0.2.2", "192.0.2.2"),
        ("1.1.1.1, unknown, 192.0.2.1, 10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_depth_stands_for_proxies_whose_addresses_are_not_known(forwarded: str, expected: str) -> None:
    assert TrustedProxies(NETWORKS, depth=2).client([forwarded], PEER) == expected


def test_a_peer_may_be_missing_or_have_no_address() -> None:
    assert NONE_TRUSTED.client([], None) is None
    assert NONE_TRUSTED.client(["203.0.113.9"], None) == "203.0.113.9"
    assert NONE_TRUSTED.client([], "testclient") == "testclient"
    assert NONE_TRUSTED.client([], "::ffff:10.1.2.3") == PEER


@pytest.mark.parametrize("spoofed", ["1.1.1.1", "1.1.1.1, 2.2.2.2", "x" * 3000])
async def test_a_spoofed_x_forwarded_for_changes_nothing(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, spoofed: str
) -> None:
    headers = [("X-Forwarded-For", spoofed), ("X-Forwarded-For", "203.0.113.9")]
    with caplog.at_level(logging.INFO, "assistants.access"):
        joined = await client.get("/client", headers={"X-Forwarded-For": f"{spoofed}, 203.0.113.9"})
        split = await client.get("/client", headers=headers)
        other = await client.get(
            "/client", headers={"Forwarded": f"for={spoofed[:20]}", "X-Real-IP": spoofed[:20]}
        )
    assert joined.json() == split.json() == "203.0.113.9"
    assert other.json() == "127.0.0.1"
    logged = [json.loads(JsonFormatter("sample", "1").format(record))["client"] for record in caplog.records]
    assert logged == ["203.0.113.9", "203.0.113.9", "127.0.0.1"]
    assert client_address() is None
