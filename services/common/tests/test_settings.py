from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assistants_common.settings import DatabaseSettings, ServiceSettings

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _secrets_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))


def test_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "JWT_SECRET_KEY").write_text(f"{KEY}\n")
    (tmp_path / "REDIS_PASSWORD").write_text("\n")
    settings = ServiceSettings()
    assert settings.jwt_secret_key
    assert settings.jwt_secret_key.get_secret_value() == KEY
    assert settings.redis_password is None


def test_a_variable_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "JWT_SECRET_KEY").write_text(KEY)
    monkeypatch.setenv("JWT_SECRET_KEY", "v" * 32)
    key = ServiceSettings().jwt_secret_key
    assert key
    assert key.get_secret_value() == "v" * 32


def test_a_missing_directory_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS_DIR", "/does/not/exist")
    monkeypatch.setenv("JWT_SECRET_KEY", KEY)
    monkeypatch.setenv("LOG_LEVEL", "warning")
    settings = ServiceSettings()
    assert settings.log_level == settings.effective_log_level == "WARNING"


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", KEY)
    monkeypatch.setenv("PORT", "")
    assert ServiceSettings().port == 8000


def test_errors_do_not_show_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "short-secret")
    with pytest.raises(ValidationError) as caught:
        ServiceSettings()
    assert "short-secret" not in str(caught.value)


def test_the_password_is_quoted_in_the_address_and_hidden() -> None:
    settings = DatabaseSettings.model_validate(
        {
            "jwt_secret_key": KEY,
            "postgres_db": "1c_integration_db",
            "postgres_user": "1c_user",
            "postgres_password": "p@ss/w:rd",
        }
    )
    assert settings.database_url.password == "p@ss/w:rd"
    assert "p@ss" not in str(settings.database_url)
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "JWT_ALGORITHM=HS256"),
        ({"jwt_algorithm": "RS256"}, "where JWT_PRIVATE_KEY is not set"),
        ({"jwt_algorithm": "ES256", "jwt_jwks_url": "file:///etc/passwd"}, "http or https"),
        ({"jwt_algorithm": "ES256", "jwt_jwks_url": "http://user@host/keys"}, "http or https"),
        ({"jwt_algorithm": "none"}, "'HS256', 'RS256' or 'ES256'"),
    ],
)
def test_what_the_algorithm_needs_must_be_there(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ServiceSettings.model_validate(values)


def test_the_address_of_the_keys_is_enough_to_verify() -> None:
    settings = ServiceSettings.model_validate(
        {"jwt_algorithm": "RS256", "jwt_jwks_url": "http://users:8002/.well-known/jwks.json"}
    )
    assert settings.jwt_secret_key is None
