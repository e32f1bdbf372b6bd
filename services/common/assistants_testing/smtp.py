"""A real SMTP server for the tests, which keeps all mail."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from assistants_testing import processes
from assistants_testing.waiting import PATIENCE_SECONDS

HOST = "127.0.0.1"


@dataclass
class SmtpServer:
    """`messages`: the mail received, oldest first. `reject`: an answer such as "554 no" to all mail."""

    host: str
    port: int
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    reject: str | None = None
    logins: dict[str, str] = field(default_factory=dict)
    """Accepted user names and their passwords, when the server asks for a login."""

    def as_settings(self) -> dict[str, str | int]:
        return {"smtp_host": self.host, "smtp_port": self.port, "smtp_security": "none"}

    def clear(self) -> None:
        self.messages.clear()
        self.recipients.clear()
        self.reject = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002
        if self.reject is not None:
            return self.reject
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"

    def authenticate(self, *context: object) -> AuthResult:
        data = context[-1]
        good = (
            isinstance(data, LoginPassword) and self.logins.get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=good, handled=False)


@contextmanager
def smtp_server(
    tls: ssl.SSLContext | None = None, logins: dict[str, str] | None = None
) -> Iterator[SmtpServer]:
    """A server on a free port; with `tls` it requires STARTTLS, with `logins` a login."""
    server = SmtpServer(HOST, processes.free_port(), logins=logins or {})
    controller = Controller(
        server,
        hostname=HOST,
        port=server.port,
        tls_context=tls,
        require_starttls=tls is not None,
        auth_required=bool(logins),
        auth_require_tls=tls is not None,
        authenticator=server.authenticate,
        ready_timeout=PATIENCE_SECONDS,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
