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


def test_networks_and_hosts_are_lists_with_commas(platform_settings: dict[str, Any]) -> None:
    settings = load(
        platform_settings,
        onec_denied_networks="10.42.0.0/16, fd42::/48,",
        onec_allowed_hosts="Onec-Simulator.demo.svc. ,other",
    )
    assert [str(network) for network in settings.onec_denied_networks] == ["10.42.0.0/16", "fd42::/48"]
    assert settings.onec_allowed_hosts == ("onec-simulator.demo.svc", "other")
    assert load(platform_settings).onec_denied_networks == ()


@pytest.mark.parametrize("networks", ["10.42.0.1/16", "cluster", "10.42.0.0/33"])
def test_a_network_that_is_none_is_refused(platform_settings: dict[str, Any], networks: str) -> None:
    with pytest.raises(ValidationError, match="onec_denied_networks"):
        load(platform_settings, onec_denied_networks=networks)
