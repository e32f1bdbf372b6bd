"""What a process loads before it serves: every pod migrates first, and what that loads is loaded twice."""

import subprocess
import sys

import pytest

from contract_testing.targets import TARGETS

PACKAGES = [name.replace("-", "_") for name in TARGETS if name != "api-gateway"]
SERVER = {"fastapi", "starlette", "uvicorn"}
SDKS = {"anthropic", "openai"}


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("package", PACKAGES)
def test_a_migration_loads_no_server(package: str) -> None:
    loaded = _loaded_by(f"import {package}.__main__, assistants_common.migrations")
    assert f"{package}.settings" in loaded
    assert not loaded & (SERVER | SDKS)


def test_no_sdk_is_loaded_before_there_is_a_key_for_it() -> None:
    loaded = _loaded_by("import ai_assistant.app")
    assert "ai_assistant.providers.registry" in loaded
    assert not loaded & SDKS
