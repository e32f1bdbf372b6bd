from pathlib import Path
from typing import Any

import httpx
import pytest

from assistants_testing.postgres import PostgresServer
from assistants_testing.service_process import ServiceProcess, run_command, running_service
from assistants_testing.waiting import block_until

pytestmark = pytest.mark.slow

PACKAGE = "analytics"


@pytest.fixture
def settings(postgres: PostgresServer, platform_settings: dict[str, Any]) -> dict[str, Any]:
    values = {**platform_settings, **postgres.create_database("process").as_settings()}
    migrated = run_command(PACKAGE, ["migrate"], values)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    return values


def children(service: ServiceProcess) -> list[int]:
    main = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return [int(child) for child in main.read_text().split()]


def ready(service: ServiceProcess) -> bool:
    return "the process that draws is ready" in service.log.read_text()


def test_migrate_and_serve(settings: dict[str, Any], tmp_path: Path) -> None:
    with running_service(PACKAGE, settings, tmp_path) as service:
        with httpx.Client(base_url=service.url) as client:
            assert client.get("/health").status_code == 200
            metrics = client.get("/metrics").text
            assert "analytics_reports_generated_total" in metrics
            assert 'ai_token_price_dollars{kind="input",model="gpt-4"} 3e-05' in metrics
            assert 'ai_token_price_dollars{kind="output",model="gpt-4"} 6e-05' in metrics
            document = client.get("/openapi.json").json()
        block_until(lambda: ready(service))
        (drawer,) = children(service)
        service.terminate()
        assert service.wait() == 0
        assert not Path(f"/proc/{drawer}").exists()
    paths = document["paths"]
    created = paths["/reports/generate"]["post"]["responses"]["201"]["content"]
    fetched = paths["/reports/{report_id}"]["get"]["responses"]["200"]["content"]
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert set(created) == set(fetched) == {"application/json", "text/csv", excel, "image/png"}
    shown = paths["/dashboards/{dashboard_id}"]["get"]["responses"]["200"]["content"]
    assert set(shown) == {"application/json", "text/html"}


def test_matplotlib_is_not_loaded_by_the_service_itself(settings: dict[str, Any], tmp_path: Path) -> None:
    with running_service(PACKAGE, settings, tmp_path) as service:
        block_until(lambda: ready(service))
        (drawer,) = children(service)
        own = Path(f"/proc/{service.process.pid}/maps").read_text()
        assert "numpy" not in own
        assert "numpy" in Path(f"/proc/{drawer}/maps").read_text()


def test_the_process_that_draws_ends_with_a_killed_service(settings: dict[str, Any], tmp_path: Path) -> None:
    with running_service(PACKAGE, settings, tmp_path) as service:
        block_until(lambda: ready(service))
        (drawer,) = children(service)
        service.process.kill()
        service.process.wait()
        block_until(lambda: not is_running(drawer))


def is_running(process: int) -> bool:
    """A process whose parent does not wait for it stays in the table, as a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_list_of_fonts_is_kept_where_a_container_may_write(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home directory that cannot be written, and nothing set: as in the image."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("TMPDIR", str(temporary))
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with running_service(PACKAGE, settings, tmp_path) as service:
        block_until(lambda: ready(service))
        assert "matplotlib" not in service.log.read_text()
    assert list((temporary / "matplotlib").glob("fontlist-*.json"))
