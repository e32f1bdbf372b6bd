"""Settings of analytics."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from analytics.prices import DEFAULT_PRICES, TokenPrice
from assistants_common.settings import DatabaseSettings


def _from_json(value: object) -> object:
    """Decoded here and not by the settings source, so that broken JSON is reported like any wrong value."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos}") from error


class Settings(DatabaseSettings):
    port: int = Field(default=8003, ge=1, le=65535)

    token_prices: Annotated[Mapping[str, TokenPrice], NoDecode, BeforeValidator(_from_json)] = Field(
        default=DEFAULT_PRICES,
        description='US dollars per million tokens: {"gpt-4": {"prompt": 30, "completion": 60}}. '
        "A table that is set replaces the default one.",
    )
