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


URLS = ["openai_base_url", "anthropic_base_url", "onec_integration_url"]


@pytest.mark.parametrize("name", URLS)
def test_urls_are_http(values: dict[str, Any], name: str) -> None:
    settings = Settings.model_validate({**values, name: "https://gateway.example/v1/"})
    assert getattr(settings, name) == "https://gateway.example/v1"
    for bad in ("ftp://files.example", "gateway.example", "http://", "file:///etc/passwd", "https:/one"):
        with pytest.raises(ValidationError) as refused:
            Settings.model_validate({**values, name: bad})
        (error,) = refused.value.errors()
        assert error["loc"] == (name,)
        assert bad in error["msg"]


@pytest.mark.parametrize("bad", ["http://user:hidden@host", "http://[hidden", "http://hidden:port"])
def test_a_url_that_may_hold_a_password_is_not_shown(values: dict[str, Any], bad: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({**values, "openai_base_url": bad})
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("bad", ["https://host/v1?key=1", "https://host/#top"])
def test_urls_have_no_query_or_fragment(values: dict[str, Any], bad: str) -> None:
    with pytest.raises(ValidationError, match="no query or fragment"):
        Settings.model_validate({**values, "anthropic_base_url": bad})


def test_the_fallback_is_another_model_that_is_allowed(values: dict[str, Any]) -> None:
    settings = Settings.model_validate({**values, "ai_fallback_model": "local-2", "ai_allowed_models": "o3"})
    assert settings.allows("local-2")
    assert settings.setting_of("local-2") == "AI_FALLBACK_MODEL"
    assert settings.setting_of("gpt-5.5") == "AI_MODEL"
    with pytest.raises(ValidationError, match=r"AI_FALLBACK_MODEL must not be AI_MODEL, 'gpt-5\.5'"):
        Settings.model_validate({**values, "ai_fallback_model": "gpt-5.5"})


def test_an_empty_fallback_is_none(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_FALLBACK_MODEL", "")
    monkeypatch.setenv("ONEC_INTEGRATION_URL", "")
    settings = Settings(**values)
    assert settings.ai_fallback_model is None
    assert settings.onec_integration_url is None
