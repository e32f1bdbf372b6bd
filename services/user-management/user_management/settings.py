"""Settings of user-management."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from assistants_common.mail import MailSettings
from assistants_common.settings import DatabaseSettings, OptionalSecret

_Origin = Annotated[str, StringConstraints(pattern=r"^(https?://[^/?#\s@]+)?$")]
_Issuer = Annotated[str, StringConstraints(pattern=r"^(https?://[^?#\s@]+)?$", max_length=255)]


class Settings(MailSettings, DatabaseSettings):
    port: int = Field(default=8002, ge=1, le=65535)
    public_url: _Origin = Field(default="", description="Where browsers reach the platform, without a slash.")

    max_concurrent_requests: int = Field(
        default=20, ge=1, le=10_000, description="Few: a request is refused cheaper before it is read."
    )

    refresh_token_days: int = Field(default=14, ge=1, le=365)
    session_days: int = Field(default=90, ge=1, le=3650)
    refresh_retry_seconds: int = Field(default=15, ge=0, le=60)

    lock_after_failures: int = Field(default=10, ge=3, le=1000)
    lock_window_seconds: int = Field(default=15 * 60, ge=60, le=24 * 3600)
    lock_seconds: int = Field(default=15 * 60, ge=60, le=24 * 3600)

    argon2_memory_kib: int = Field(default=46 * 1024, ge=19 * 1024)
    argon2_iterations: int = Field(default=1, ge=1, le=10)
    argon2_workers: int = Field(default=2, ge=1, le=16)

    oidc_issuer: _Issuer = ""
    oidc_client_id: str = ""
    oidc_client_secret: OptionalSecret = None

    @property
    def oidc_configured(self) -> bool:
        return bool(self.oidc_issuer and self.oidc_client_id)

    @model_validator(mode="after")
    def _links_have_a_host(self) -> Self:
        if not self.public_url and (self.smtp_host or self.oidc_configured):
            raise ValueError("PUBLIC_URL is needed for links in mails (SMTP_HOST) and for OIDC_ISSUER")
        return self

    @model_validator(mode="after")
    def _provider_is_authentic(self) -> Self:
        if self.env_tier == "protected" and self.oidc_issuer.startswith("http://"):
            raise ValueError("OIDC_ISSUER must be an https address where ENV_TIER is protected")
        return self
