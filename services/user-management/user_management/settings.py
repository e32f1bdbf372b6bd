"""Settings of user-management."""

from pydantic import Field

from assistants_common.settings import DatabaseSettings


class Settings(DatabaseSettings):
    port: int = Field(default=8002, ge=1, le=65535)

    login_failures_per_minute: int = Field(default=10, ge=1, le=1000)
    argon2_memory_kib: int = Field(default=46 * 1024, ge=19 * 1024)
    argon2_iterations: int = Field(default=1, ge=1, le=10)
    argon2_workers: int = Field(default=2, ge=1, le=16)
