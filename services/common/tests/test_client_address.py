import json
import logging

import httpx
import pytest

from assistants_common.context import accept_client_address, client_address
from assistants_common.json_logging import JsonFormatter

PEER = "10.1.2.3"


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
        # What cannot be read is no reason to believe the hop before it, which the caller may have written.
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
    assert accept_client_address(forwarded, PEER) == expected


def test_a_peer_may_be_missing_or_have_no_address() -> None:
    assert accept_client_address([], None) is None
    assert accept_client_address(["203.0.113.9"], None) == "203.0.113.9"
    assert accept_client_address([], "testclient") == "testclient"
    assert accept_client_address([], "::ffff:10.1.2.3") == PEER


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
