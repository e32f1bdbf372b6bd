from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ai_assistant.settings import Settings


@pytest.fixture
def values(platform_settings: dict[str, Any]) -> dict[str, Any]:
    return dict(platform_settings)


def test_keys_come_from_files(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ANTHROPIC_API_KEY").write_text("sk-ant-file\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    settings = Settings(**values)
    assert settings.anthropic_api_key is not None
    assert settings.anthropic_api_key.get_secret_value() == "sk-ant-file"
    assert settings.openai_api_key is None


def test_the_default_model_is_always_allowed(values: dict[str, Any]) -> None:
    settings = Settings.model_validate({**values, "ai_model": "local-1", "ai_allowed_models": "gpt-4*, o3"})
    assert [name for name in ("local-1", "gpt-4o", "o3", "o3-mini", "gpt-5") if settings.allows(name)] == [
        "local-1",
        "gpt-4o",
        "o3",
    ]


@pytest.mark.parametrize("name", ["ai_stream_seconds", "ai_timeout_seconds"])
def test_a_stream_may_not_outlast_the_shutdown(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError, match="SHUTDOWN_TIMEOUT_SECONDS"):
        Settings.model_validate({**values, name: 121})
