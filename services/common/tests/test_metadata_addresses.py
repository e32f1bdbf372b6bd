from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from assistants_common.metadata_addresses import is_metadata

PROVIDERS = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "169.254.42.42",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd00:ec2::253",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fe80::a9fe:a9fe",
]
FORMS = {
    "mapped": "::ffff:{}",
    "compatible": "::{}",
    "translated": "::ffff:0:{}",
    "NAT64": "64:ff9b::{}",
    "local NAT64": "64:ff9b:1::{}",
    "NAT64 of one's own": "fd12:3456::{}",
    "NAT64 of one's own, public": "2001:470:1:2:3:4:{}",
    "ISATAP": "fd12::5efe:{}",
    "ISATAP, global": "2001:470::200:5efe:{}",
}
OTHERS = ["8.8.8.8", "10.0.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "fd00:1::1", "2606:4700::1111"]


@pytest.mark.parametrize("text", PROVIDERS)
def test_the_addresses_of_the_providers(text: str) -> None:
    assert is_metadata(ip_address(text))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("text", ["169.254.169.254", "100.100.100.200", "168.63.129.16"])
def test_the_forms_in_which_ipv6_can_hold_them(text: str, form: str) -> None:
    assert is_metadata(IPv6Address(form.format(text)))


@pytest.mark.parametrize("text", ["169.254.169.254", "100.100.100.200"])
def test_through_tunnels(text: str) -> None:
    number = int(IPv4Address(text))
    assert is_metadata(IPv6Address((0x2002 << 112) | (number << 80) | 1))
    teredo = 0x20010000 << 96
    assert is_metadata(IPv6Address(teredo | (int(IPv4Address("8.8.8.8")) << 64) | (number ^ 0xFFFF_FFFF)))
    assert is_metadata(IPv6Address(teredo | (number << 64) | 0x1234))


@pytest.mark.parametrize("text", OTHERS)
def test_other_addresses(text: str) -> None:
    assert not is_metadata(ip_address(text))
