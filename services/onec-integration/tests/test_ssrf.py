"""Nothing makes the service call what only it can reach: its own host, its cluster, a cloud's metadata."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest

from onec_integration.addresses import AddressGuard
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.odata import Query
from onec_integration.settings import Settings
from onec_integration_testing.guard import LoopbackGuard
from onec_simulator.base import COMPANIES, Base

CLUSTER = (ip_network("10.42.0.0/16"), ip_network("10.43.0.0/16"), ip_network("fd42::/48"))
METADATA = "169.254.169.254"
NAME = "onec.example.test"

Answers = list[list[str]]
Resolver = Callable[[Answers], list[str]]


@pytest.fixture
async def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    """`resolver(answers)`: the name server gives these answers, one after another, then the last for ever.

    The list it returns fills with the names that were looked up.
    """
    asked: list[str] = []

    def install(answers: Answers) -> list[str]:
        async def getaddrinfo(host: str, port: int, **_options: object) -> list[Any]:
            asked.append(host)
            found = answers.pop(0) if len(answers) > 1 else answers[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return asked

    return install


async def code_of(awaitable: Awaitable[object]) -> str:
    with pytest.raises(OneCError) as caught:
        await awaitable
    return caught.value.code


async def refused(host: str, **options: Any) -> bool:  # noqa: ANN401 - passed on
    guard = AddressGuard(allow_private=True, **options)
    return await code_of(guard.resolve(host, 80)) == "onec_address_refused"


@pytest.mark.parametrize(
    "host", ["169.254.0.1", "169.254.10.10", "fe80::1", "fe80::1%1", "::ffff:169.254.0.1"]
)
async def test_ssrf_link_local(host: str) -> None:
    assert await refused(host)


@pytest.mark.parametrize(
    "host", [METADATA, "100.100.100.200", "168.63.129.16", "fd00:ec2::254", f"::ffff:{METADATA}"]
)
async def test_ssrf_metadata_of_clouds(host: str) -> None:
    assert await refused(host)
    assert await refused(host, allowed_hosts=[host])


@pytest.mark.parametrize(
    "host", ["10.42.3.4", "10.43.0.1", "fd42::7", "::ffff:10.42.3.4", "64:ff9b::a2a:304"]
)
async def test_ssrf_cluster_ranges(host: str) -> None:
    assert await refused(host, denied_networks=CLUSTER)


async def test_ssrf_cluster_ranges_behind_a_name(resolver: Resolver) -> None:
    resolver([["10.1.2.3", "10.42.3.4"]])
    assert await refused(NAME, denied_networks=CLUSTER)


async def test_an_allowed_host_may_be_in_the_cluster(resolver: Resolver) -> None:
    resolver([["10.42.3.4"]])
    allowed = AddressGuard(allow_private=True, denied_networks=CLUSTER, allowed_hosts=[NAME])
    assert str(await allowed.resolve(f"{NAME.upper()}.", 80)) == "10.42.3.4"
    assert await refused(f"another.{NAME}", denied_networks=CLUSTER, allowed_hosts=[NAME])


@pytest.mark.parametrize("address", [METADATA, "169.254.0.9", "127.0.0.1", "0.0.0.0"])  # noqa: S104 - refused
async def test_ssrf_an_allowed_host_opens_no_address_of_the_node(resolver: Resolver, address: str) -> None:
    resolver([[address]])
    assert await refused(NAME, denied_networks=CLUSTER, allowed_hosts=[NAME])


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "::1",
    ],
)
async def test_ssrf_no_spelling_of_loopback_gets_through(host: str) -> None:
    assert await refused(host)


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"])
async def test_ssrf_no_spelling_of_metadata_gets_through(host: str) -> None:
    assert await refused(host)


@pytest.fixture
async def named(settings: Settings, base: Base) -> AsyncIterator[OneCClient]:
    """A client of the simulator under a name, as the guard of the tests allows it."""
    base.add_companies(3)
    port = urlsplit(settings.onec_server_url).port
    url = settings.onec_server_url.replace(f"127.0.0.1:{port}", f"{NAME}:{port}")
    guard = LoopbackGuard(allow_private=True, denied_networks=CLUSTER)
    client = OneCClient(settings.model_copy(update={"onec_server_url": url}), guard)
    yield client
    await client.close()


async def test_ssrf_dns_rebinding_between_check_and_connection(
    named: OneCClient, base: Base, resolver: Resolver
) -> None:
    """The second answer would be another address; there is no second question for a request."""
    asked = resolver([["127.0.0.1"], [METADATA]])
    page = await named.read(COMPANIES, Query(top=3))
    assert len(page.rows) == 3
    assert asked == [NAME]
    assert len(base.requests) == 1


async def test_ssrf_dns_rebinding_between_requests(named: OneCClient, base: Base, resolver: Resolver) -> None:
    """A connection to the old address is open, but what the name means now is asked and checked again."""
    asked = resolver([["127.0.0.1"], [METADATA]])
    await named.read(COMPANIES, Query(top=3))
    assert await code_of(named.read(COMPANIES, Query(top=3))) == "onec_address_refused"
    assert asked == [NAME, NAME]
    assert len(base.requests) == 1


async def test_ssrf_one_bad_address_among_good_ones(
    named: OneCClient, base: Base, resolver: Resolver
) -> None:
    resolver([["127.0.0.1", METADATA]])
    assert await code_of(named.read(COMPANIES, Query(top=3))) == "onec_address_refused"
    assert base.requests == []


async def test_ssrf_the_loopback_address_is_refused(settings: Settings, base: Base) -> None:
    client = OneCClient(settings, AddressGuard(allow_private=True))
    assert await code_of(client.read(COMPANIES, Query(top=3))) == "onec_address_refused"
    assert base.requests == []
    await client.close()


@pytest.mark.parametrize(
    "target",
    [f"http://{METADATA}/latest/meta-data", "http://10.43.0.1/", "file:///etc/passwd", "/base/other"],
)
async def test_ssrf_a_redirect_is_not_followed(
    named: OneCClient, base: Base, resolver: Resolver, target: str
) -> None:
    asked = resolver([["127.0.0.1"]])
    base.redirect_to = target
    assert await code_of(named.read(COMPANIES, Query(top=3))) == "onec_redirect"
    assert asked == [NAME]
    assert len(base.requests) == 1
