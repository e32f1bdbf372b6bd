"""Sending mail. Only for services that have aiosmtplib."""

import asyncio
import logging
import ssl
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Literal

import aiosmtplib
from pydantic import Field

from assistants_common.settings import OptionalSecret, ServiceSettings

logger = logging.getLogger(__name__)

_STEP_SECONDS = 10
_WHOLE_SECONDS = 30


class MailSettings(ServiceSettings):
    """Settings of a service that sends mail: `class Settings(MailSettings, DatabaseSettings)`."""

    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: OptionalSecret = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_from: str = "no-reply@localhost"


class MailError(Exception):
    """The mail server did not accept a mail."""


class Mailer:
    """Sends plain text to one address at a time."""

    def __init__(self, settings: MailSettings, tls_context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._tls_context = tls_context

    def use(self, settings: MailSettings) -> None:
        """Send with the user and password of these settings from now on."""
        self._settings = settings

    @property
    def configured(self) -> bool:
        return bool(self._settings.smtp_host)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand a mail to the mail server; raises MailError when the server does not accept it."""
        if not self.configured:
            raise MailError("SMTP_HOST is not set")
        message = self._message(to, subject, text)
        try:
            async with asyncio.timeout(_WHOLE_SECONDS):
                await self._deliver(message)
        except (aiosmtplib.SMTPException, OSError) as error:
            # The server's answer may quote the address, so the log gets only the kind of failure.
            logger.warning("mail not sent", extra={"reason": type(error).__name__})
            raise MailError(f"the mail server did not take the mail: {type(error).__name__}") from error

    async def _deliver(self, message: EmailMessage) -> None:
        settings = self._settings
        password = settings.smtp_password
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=password.get_secret_value() if password else None,
            timeout=_STEP_SECONDS,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            tls_context=self._tls_context,
        )

    def _message(self, to: str, subject: str, text: str) -> EmailMessage:
        """The mail. Whatever `to` and `subject` contain, they stay one address and one line."""
        message = EmailMessage(policy=SMTP)
        try:
            sender = Address(addr_spec=self._settings.smtp_from)
            message["From"] = sender
            message["To"] = Address(addr_spec=to)
            message["Subject"] = subject
        except (MessageError, ValueError, IndexError) as error:
            raise MailError("the address or the subject is not valid") from error
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=sender.domain or "localhost")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message
