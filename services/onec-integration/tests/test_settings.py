from typing import Any

import pytest
from pydantic import ValidationError

from onec_integration.settings import Settings


def load(platform_settings: dict[str, Any], **values: object) -> Settings:
    return Settings.model_validate({**platform_settings, **values})


@pytest.mark.parametrize("url", ["", "  ", "/"])
def test_no_server_is_a_setting_too(platform_settings: dict[str, Any], url: str) -> None:
    assert load(platform_settings, onec_server_url=url).onec_server_url == ""


def test_a_slash_at_the_end_does_not_matter(platform_settings: dict[str, Any]) -> None:
    settings = load(platform_settings, onec_server_url=" https://1c.example.com/база/odata/ ")
    assert settings.onec_server_url == "https://1c.example.com/база/odata"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://1c.example.com/base",
        "file:///etc/passwd",
        "1c.example.com/base",
        "http:///base",
        "http://user:secret@1c.example.com/base",
        "http://1c.example.com/base?a=b",
        "http://1c.example.com/base#a",
        "http://1c.example.com:0/base",
        "http://пример.example/base",
        "http://1c.example.com:70000/base",
    ],
)
def test_an_address_that_is_none_is_refused(platform_settings: dict[str, Any], url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(platform_settings, onec_server_url=url)
    assert "secret" not in str(caught.value)
