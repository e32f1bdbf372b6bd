"""Settings of analytics."""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from analytics.localization import Language
from analytics.prices import DEFAULT_PRICES, TokenPrice
from assistants_common.settings import DatabaseSettings


def _from_json(value: object) -> object:
    """Decode here and not in the settings source, so that broken JSON is reported like any invalid value."""
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
    report_language: Language = Field(
        default="en", description="Language of reports and pages when the request does not say."
    )
    report_retention_days: int = Field(default=30, ge=1, le=3650)
    event_retention_days: int = Field(default=400, ge=1, le=3650)
    reports_per_user: int = Field(
        default=100, ge=1, le=10_000, description="When a user makes more, the oldest ones go."
    )
    retention_interval_seconds: float = Field(default=3600, ge=1, le=86_400)

    render_timeout_seconds: float = Field(default=30, gt=0, le=300)
    render_queue: int = Field(
        default=8,
        ge=1,
        le=100,
        description="Drawings that wait for the process that draws; more are refused.",
    )
    render_warm_up: bool = Field(
        default=True, description="Start the process that draws with the service, not with the first drawing."
    )
