import json
from decimal import Decimal
from typing import Any

import pytest

from analytics.prices import find_price
from analytics.settings import Settings
from assistants_testing.service_process import run_command


def test_the_default_prices_know_the_platforms_models(settings: Settings) -> None:
    for model in ("gpt-4", "gpt-3.5-turbo", "claude-3-5-sonnet-20241022", "gpt-4o-2024-08-06"):
        assert find_price(settings.token_prices, model) is not None
    for model in ("gpt-4-vision", "gpt", ""):
        assert find_price(settings.token_prices, model) is None


def test_prices_from_the_environment(
    platform_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_PRICES", '{"own-1": {"prompt": 1.5, "completion": "0"}}')
    price = find_price(Settings(**platform_settings).token_prices, "own-1")
    assert price is not None
    assert price.cost(2_000_000, 5) == Decimal(3)


@pytest.mark.parametrize(
    "value", ["{", "[]", '{"m": {"prompt": -1, "completion": 1}}', '{"m": {"prompt": 1}}']
)
def test_wrong_prices_are_named(platform_settings: dict[str, Any], value: str) -> None:
    result = run_command("analytics", [], {**platform_settings, "token_prices": value})
    assert result.returncode == 1
    last = json.loads(result.stdout.splitlines()[-1])
    assert "TOKEN_PRICES" in last["errors"][0]
