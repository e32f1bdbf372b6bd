"""Settings of security."""

from email.utils import parseaddr
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from assistants_common.mail import MailSettings
from assistants_common.settings import DatabaseSettings, OptionalSecret
from security.audit_log.keys import AuditKeys
from security.severity import Severity

_MINIMUM_WEBHOOK_SECRET = 16


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _addresses(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _mail_address(value: str) -> str:
    name, address = parseaddr(value)
    if name or address != value or not all(address.rpartition("@")[::2]) or not address.isprintable():
        raise ValueError("must be e-mail addresses separated by commas")
    return address


class Settings(MailSettings, DatabaseSettings):
    port: int = Field(default=8004, ge=1, le=65535)

    security_log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper_case)
    ] = "INFO"

    audit_key: OptionalSecret = None

    alert_minimum_severity: Annotated[Severity, BeforeValidator(_lower_case)] = Severity.HIGH
    alert_email_to: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_addresses)] = ()
    alert_webhook_url: OptionalSecret = None
    alert_webhook_secret: OptionalSecret = None
    alert_webhook_timeout_seconds: float = Field(default=10, gt=0, le=60)
    alert_notification_max_age_hours: float = Field(default=24, gt=0, le=24 * 30)

    @property
    def audit_keys(self) -> AuditKeys:
        """The keys of AUDIT_KEY, or else one derived from JWT_SECRET_KEY."""
        return AuditKeys.from_secrets(_revealed(self.audit_key), _revealed(self.jwt_secret_key))

    @field_validator("alert_email_to")
    @classmethod
    def _are_addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_mail_address(value) for value in values))

    @field_validator("alert_webhook_url")
    @classmethod
    def _is_a_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value().strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address")
        return SecretStr(parts.geturl())

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if not self.audit_keys:
            raise ValueError("AUDIT_KEY is needed, for there is no JWT_SECRET_KEY to make one from")
        secret = _revealed(self.alert_webhook_secret)
        if self.alert_webhook_url is not None and len(secret.encode()) < _MINIMUM_WEBHOOK_SECRET:
            raise ValueError(
                f"ALERT_WEBHOOK_URL needs an ALERT_WEBHOOK_SECRET of {_MINIMUM_WEBHOOK_SECRET} bytes or more"
            )
        return self


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
