import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistants_testing.service_process import run_command, running_service
from assistants_testing.waiting import block_until

pytestmark = pytest.mark.slow

PACKAGE = "slow_sample"
_FEW_OBJECTS = 20_000
"""The modules of a service alone have more than 100,000."""
SOURCE = """
import asyncio, gc, sys
from pathlib import Path
from assistants_common.app import create_app
from assistants_common.service import Service, run
from assistants_common.settings import ServiceSettings
from fastapi import APIRouter

router = APIRouter()

@router.get("/slow")
async def slow() -> str:
    folder = Path(__file__).parent
    (folder / "begun").touch()
    while not (folder / "end").exists():
        await asyncio.sleep(0.01)
    return "done"

@router.get("/collected")
async def collected() -> int:
    # How many objects a full collection looks at.
    return sum(len(gc.get_objects(generation)) for generation in range(3))

def build(settings):
    return create_app("slow-sample", settings, title="Slow", description="For a test.", routers=[router])

sys.exit(run(Service("slow-sample", ServiceSettings, build)))
"""


@pytest.fixture(autouse=True)
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{PACKAGE}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_an_open_request_is_finished_after_the_drain(
    platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    settings = {**platform_settings, "drain_seconds": 0.2}
    with running_service(PACKAGE, settings, tmp_path) as service, ThreadPoolExecutor(1) as executor:
        answer = executor.submit(httpx.get, f"{service.url}/slow")
        block_until((tmp_path / "begun").exists)
        service.terminate()
        block_until(lambda: not service.alive())
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{service.url}/live")
        (tmp_path / "end").touch()
        assert answer.result().json() == "done"
        assert service.wait() == 0


def test_a_second_signal_ends_the_drain(platform_settings: dict[str, Any], tmp_path: Path) -> None:
    settings = {**platform_settings, "drain_seconds": 300}
    with running_service(PACKAGE, settings, tmp_path) as service:
        service.terminate()
        block_until(lambda: httpx.get(f"{service.url}/health").status_code == 503)
        assert service.process.poll() is None
        service.terminate()
        assert service.wait() in {0, -signal.SIGTERM}


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_listens_for_both_families(platform_settings: dict[str, Any], tmp_path: Path) -> None:
    """In a cluster with both, the kubelet probes a pod at its first address, which may be of IPv4."""
    with running_service(PACKAGE, {**platform_settings, "host": "::"}, tmp_path) as service:
        port = httpx.URL(service.url).port
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{port}/live").status_code == 200


def test_a_taken_port_is_a_failure(platform_settings: dict[str, Any], tmp_path: Path) -> None:
    with running_service(PACKAGE, platform_settings, tmp_path) as service:
        taken = {**platform_settings, "host": "127.0.0.1", "port": httpx.URL(service.url).port}
        assert run_command(PACKAGE, [], taken).returncode != 0


def test_what_stays_for_good_is_not_looked_at_by_the_garbage_collector(
    platform_settings: dict[str, Any], tmp_path: Path
) -> None:
    """Every full collection stops the process for as long as it looks at objects."""
    with running_service(PACKAGE, platform_settings, tmp_path) as service:
        assert httpx.get(f"{service.url}/collected").json() < _FEW_OBJECTS
