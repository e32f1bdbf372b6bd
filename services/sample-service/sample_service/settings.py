"""Settings: each field is read from the environment variable of the same name."""

from pydantic import Field

from assistants_common.settings import DatabaseSettings


class Settings(DatabaseSettings):
    port: int = Field(default=8099, ge=1, le=65535)
