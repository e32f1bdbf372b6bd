"""Settings of 1c-integration."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from assistants_common.settings import DatabaseSettings, OptionalSecret


def _parts(value: object) -> object:
    """The items of a comma-separated setting."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: object) -> object:
    parts = _parts(value)
    return [ip_network(part) for part in parts] if isinstance(parts, list) else parts


class Settings(DatabaseSettings):
    port: int = Field(default=8001, ge=1, le=65535)

    onec_server_url: str = ""
    """The OData root of the base, such as https://1c.example.com/base/odata/standard.odata; empty: none."""

    onec_username: str = ""
    onec_password: OptionalSecret = None
    onec_timeout_seconds: float = Field(default=25, gt=0, le=300)
    onec_max_sessions: int = Field(default=4, ge=1, le=64)
    onec_session_attempts: int = Field(default=4, ge=1, le=10)
    """How often a session is asked for when 1C cannot start one, with longer and longer pauses between."""

    onec_allow_private: bool = True
    onec_denied_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)
    ] = ()
    """Networks never to call, such as the ranges of the cluster's pods and services; with commas between."""

    onec_allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)] = ()
    """Hosts to call even in a denied network. Nothing opens loopback, link-local and metadata addresses."""

    onec_allowed_only: bool = False
    """Ask for the rows the 1C user may see, instead of failing when there are others."""

    onec_ca_file: Path | None = None
    onec_page_size: int = Field(default=500, ge=1, le=5000)
    onec_retry_pause_seconds: float = Field(default=1, ge=0, le=60)
    onec_poll_seconds: float = Field(default=10, gt=0, le=300)
    onec_lease_seconds: float = Field(default=30, gt=0, le=3600)
    """How long a synchronization stays with a process that shows no sign of life."""

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

    @field_validator("onec_allowed_hosts", mode="after")
    @classmethod
    def _as_compared(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.lower().rstrip(".") for host in value)
