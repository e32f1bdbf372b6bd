"""Settings read from environment variables, with secrets in files named like the variables."""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import URL

from assistants_common.proxies import Network, TrustedProxies
from assistants_common.signing_keys import load_signing_keys

DEFAULT_SECRETS_DIR = Path("/run/secrets/assistants")
MINIMUM_KEY_BYTES = 32


def _blank_to_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _networks(value: object) -> object:
    return [ip_network(part.strip()) for part in value.split(",")] if isinstance(value, str) else value


OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_to_none)]
"""A secret that may be missing: an empty variable or file counts as not set."""


PATH_PREFIX = re.compile(r"(/[a-z0-9-]{1,63}){0,8}")
"""Of a service's address from outside, such as `/ai`."""


def lines_of(secret: SecretStr | None) -> tuple[str, ...]:
    """The values of a secret, one a line. Services use the first and accept all, for a rotation without a
    gap.
    """
    text = secret.get_secret_value() if secret else ""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def complaints(error: ValidationError) -> list[str]:
    """The errors of the settings, without the settings' values."""
    items = error.errors(include_input=False, include_url=False, include_context=False)
    return [f"{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}" for item in items]


def secrets_directory() -> Path | None:
    """The directory of secret files, or None when there is none to read."""
    directory = Path(os.environ.get("SECRETS_DIR") or DEFAULT_SECRETS_DIR)
    return directory if directory.is_dir() else None


class ServiceSettings(BaseSettings):
    """Settings of every service. Subclasses override `port` and add their own fields."""

    model_config = SettingsConfigDict(
        case_sensitive=False,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    env: str = Field(default="dev", pattern=r"^[a-z][-a-z0-9]*$")
    """Name of the environment; what it may do is told by its tier alone."""
    env_tier: Literal["local", "shared", "protected"] = "local"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    debug: bool = False
    host: str = "0.0.0.0"  # noqa: S104 - a container listens on every interface of its pod
    port: int = Field(default=8000, ge=1, le=65535)
    service_version: str = "0.0.0-dev"
    drain_seconds: float = Field(default=5, ge=0, le=300)
    shutdown_timeout_seconds: int = Field(default=120, ge=1, le=3600)
    max_body_bytes: int = Field(default=1024 * 1024, ge=1)
    """JSON is read into memory before the token is looked at, so anybody's body must fit beside others."""
    body_timeout_seconds: float = Field(default=20, gt=0, le=600)
    """How long a request body may bring nothing before it is given up."""

    max_concurrent_requests: int = Field(default=100, ge=1, le=10_000)
    """Requests whose response has not begun; more are refused with 503."""
    admission_patience_seconds: float = Field(default=0.3, gt=0, le=60)
    """How long a request waits for places in all: refused within a second, on a quarter of a CPU."""

    path_prefix: str = Field(default="", pattern=f"^{PATH_PREFIX.pattern}$")
    """Where the edge has this service, such as /ai; requests may come with and without it."""
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Ranges of the proxies whose X-Forwarded-For is believed, with commas between."""
    proxy_depth: int | None = Field(default=None, ge=1, le=10)
    """Which address of X-Forwarded-For is the client's, from the end of what the trusted proxy sent."""

    redis_host: str = "localhost"
    redis_port: int = Field(default=6379, ge=1, le=65535)
    redis_password: OptionalSecret = None
    redis_tls: bool = False
    """Encrypt, and verify the server's certificate and name."""
    redis_ca_file: FilePath | None = None
    """Authority of that certificate; without it, those of the system."""

    jwt_algorithm: Literal["HS256", "RS256", "ES256"] = "HS256"
    jwt_secret_key: OptionalSecret = Field(default=None, validate_default=True)
    """Needed for HS256. Several keys, one a line: the first signs, all are accepted."""
    jwt_private_key: OptionalSecret = None
    """For RS256 and ES256, where tokens are issued: PEM private keys. The first signs, all are published."""
    jwt_jwks_url: str = Field(default="", validate_default=True)
    """For RS256 and ES256, where tokens are only verified: the address of the public keys."""
    jwt_expire_minutes: int = Field(default=30, ge=1, le=24 * 60)
    jwt_issuer: str = "ai-assistants"
    jwt_audience: str = "ai-assistants"

    @property
    def proxies(self) -> TrustedProxies:
        return TrustedProxies(self.trusted_proxies, self.proxy_depth)

    @property
    def effective_log_level(self) -> str:
        """The log level; DEBUG=true turns on the debug lines of the platform's own code."""
        return "DEBUG" if self.debug else self.log_level

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("jwt_secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("jwt_algorithm") == "HS256":
            raise ValueError("is required for JWT_ALGORITHM=HS256")
        if any(len(key.encode()) < MINIMUM_KEY_BYTES for key in lines_of(value)):
            raise ValueError(f"must be at least {MINIMUM_KEY_BYTES} bytes long")
        return value

    @field_validator("jwt_private_key")
    @classmethod
    def _keys_for_the_algorithm(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        algorithm = info.data.get("jwt_algorithm", "HS256")
        if value is not None and algorithm != "HS256":
            load_signing_keys(value.get_secret_value(), algorithm)
        return value

    @field_validator("jwt_jwks_url")
    @classmethod
    def _address_of_keys(cls, value: str, info: ValidationInfo) -> str:
        if value and not re.fullmatch(r"https?://[^/?#@]+(/[^#]*)?", value):
            raise ValueError("must be an http or https address")
        # A setting missing from info.data has an error of its own.
        needed = (
            info.data.get("jwt_algorithm", "HS256") != "HS256"
            and info.data.get("jwt_private_key", ...) is None
        )
        if needed and not value:
            raise ValueError("is required for RS256 and ES256 where JWT_PRIVATE_KEY is not set")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - part of the overridden signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        directory = secrets_directory()
        files = SecretsSettingsSource(settings_cls, secrets_dir=directory)
        return (init_settings, env_settings, files) if directory else (init_settings, env_settings)


class DatabaseSettings(ServiceSettings):
    """Settings of a service with a PostgreSQL database."""

    postgres_host: str = "localhost"
    postgres_port: int = Field(default=5432, ge=1, le=65535)
    postgres_db: str
    postgres_user: str
    postgres_password: SecretStr
    postgres_sslmode: Literal["disable", "prefer", "require", "verify-full"] = "prefer"
    """As libpq has it: only verify-full looks at the server's certificate and name."""
    postgres_ca_file: FilePath | None = None
    """Authority of that certificate; without it, those of the system."""
    database_pool_size: int = Field(default=5, ge=1, le=100)
    database_max_overflow: int = Field(default=3, ge=0, le=100)
    """With the two connections for checks and the outbox, a process has ten at most."""
    database_pool_timeout_seconds: float = Field(default=0.5, gt=0, le=60)
    """A request that finds no free connection is refused within a second."""
    database_command_timeout_seconds: float = Field(default=30, gt=0, le=600)

    @property
    def database_url(self) -> URL:
        return URL.create(
            "postgresql+asyncpg",
            username=self.postgres_user,
            password=next(iter(lines_of(self.postgres_password)), ""),
            host=self.postgres_host,
            port=self.postgres_port,
            database=self.postgres_db,
        )
