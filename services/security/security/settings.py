"""Settings of security."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from assistants_common.settings import DatabaseSettings


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(DatabaseSettings):
    port: int = Field(default=8004, ge=1, le=65535)

    security_log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper_case)
    ] = "INFO"
