"""Settings of 1c-integration."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from assistants_common.settings import DatabaseSettings, OptionalSecret


class Settings(DatabaseSettings):
    port: int = Field(default=8001, ge=1, le=65535)

    onec_server_url: str = ""
    """The OData root of the base, such as https://1c.example.com/base/odata/standard.odata; empty: none."""

    onec_username: str = ""
    onec_password: OptionalSecret = None
    onec_timeout_seconds: float = Field(default=25, gt=0, le=300)
    onec_max_sessions: int = Field(default=4, ge=1, le=64)
    onec_allow_private: bool = True
    onec_allowed_only: bool = False
    """Ask for the rows the 1C user may see, instead of failing when there are others."""

    onec_ca_file: Path | None = None
    onec_page_size: int = Field(default=500, ge=1, le=5000)
    onec_retry_pause_seconds: float = Field(default=1, ge=0, le=60)
    onec_poll_seconds: float = Field(default=10, gt=0, le=300)

    @field_validator("onec_server_url")
    @classmethod
    def _plain_http_address(cls, value: str) -> str:
        address = value.strip().rstrip("/")
        if not address:
            return ""
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address")
        if not parts.netloc.isascii():
            raise ValueError("must have its host name in ASCII (xn--...)")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("must have no credentials, query or fragment")
        if parts.port == 0:
            raise ValueError("must have a port from 1 to 65535")
        return address

    @property
    def lease_seconds(self) -> float:
        """How long a synchronization may go without storing a page before another process takes it over."""
        return 4 * self.onec_timeout_seconds + 60
