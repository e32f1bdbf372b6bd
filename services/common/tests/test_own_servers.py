"""Where tests find PostgreSQL and Redis, on whatever system they run."""

import platform
from pathlib import Path

import pytest

from assistants_testing import postgres, redis


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "linux-x64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Darwin", "x86_64", "darwin-x64"),
    ],
)
def test_the_package_of_the_system_is_used(
    system: str, machine: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = tmp_path / name / "native" / "bin"
    binaries.mkdir(parents=True)
    for program in ("initdb", "postgres"):
        (binaries / program).touch()
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(postgres, "_NPM_PACKAGES", tmp_path)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert postgres.find_binaries() == binaries


def test_without_a_server_it_is_said_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PG_BIN", "REDIS_SERVER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "_NPM_PACKAGES", tmp_path)
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path)
    monkeypatch.setattr(redis, "_WHEEL", "no_such_wheel")
    with pytest.raises(RuntimeError, match=r"npm ci.*brew install postgresql@15.*PG_BIN"):
        postgres.find_binaries()
    with pytest.raises(RuntimeError, match=r"scripts/python-env.*brew install redis.*REDIS_SERVER"):
        redis.find_binary(tmp_path)
