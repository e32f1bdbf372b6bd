from ipaddress import ip_address

import pytest

from onec_integration.addresses import AddressGuard, is_allowed
from onec_integration.errors import OneCError

NEVER = [
    "127.0.0.1",
    "127.1.2.3",
    "::1",
    "0.0.0.0",  # noqa: S104 - must be refused
    "::",
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd12::5efe:a9fe:a9fe",
    "fd12::a9fe:a9fe",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "::7f00:1",
    "::a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::a9fe:a9fe",
    "fec0::1",
    "2001:db8::1",
]
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.0.0.1"]
GLOBAL = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("text", NEVER)
def test_what_is_never_called(text: str) -> None:
    assert not is_allowed(ip_address(text), allow_private=True)


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_by_setting(text: str) -> None:
    assert is_allowed(ip_address(text), allow_private=True)
    assert not is_allowed(ip_address(text), allow_private=False)


@pytest.mark.parametrize("text", GLOBAL)
def test_global_addresses(text: str) -> None:
    assert is_allowed(ip_address(text), allow_private=False)


async def test_resolves_to_an_address_that_may_be_called() -> None:
    guard = AddressGuard(allow_private=True)
    assert str(await guard.resolve("10.20.30.40", 80)) == "10.20.30.40"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example"])
async def test_a_name_nobody_knows(host: str) -> None:
    with pytest.raises(OneCError) as caught:
        await AddressGuard(allow_private=True).resolve(host, 80)
    assert caught.value.code == "onec_unreachable"
