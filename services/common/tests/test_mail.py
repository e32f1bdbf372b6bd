import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from assistants_common.mail import Mailer, MailError, MailSettings
from assistants_testing.keys import private_pem
from assistants_testing.processes import free_port
from assistants_testing.smtp import SmtpServer
from assistants_testing.smtp import smtp_server as run_smtp


def mailer(values: dict[str, Any], tls: ssl.SSLContext | None = None) -> Mailer:
    settings = MailSettings.model_validate({"jwt_secret_key": "k" * 32, **values})
    return Mailer(settings, tls)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the server, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_text(private_pem(key) + signed.public_bytes(Encoding.PEM).decode())
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[SmtpServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with run_smtp(context, {"mailer": "sesame"}) as server:
        yield server


async def test_a_mail_arrives_as_it_was_written(smtp_server: SmtpServer) -> None:
    values = {**smtp_server.as_settings(), "smtp_from": "robot@assistants.test"}
    await mailer(values).send("anna@example.test", "Пароль", "Здравствуйте!\n.\nhttps://x.test/?a=1\n")
    (message,) = smtp_server.messages
    assert (message["From"], message["To"], message["Subject"]) == (
        "robot@assistants.test",
        "anna@example.test",
        "Пароль",
    )
    assert message.get_content().replace("\r\n", "\n") == "Здравствуйте!\n.\nhttps://x.test/?a=1\n"
    assert message["Message-ID"].endswith("@assistants.test>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("anna@example.test\r\nBcc: all@example.test", "Hello"),
        ("anna@example.test\nBcc: all@example.test", "Hello"),
        ("anna@example.test, all@example.test", "Hello"),
        ("Anna <anna@example.test>", "Hello"),
        ("anna@example.test", "Hello\r\nBcc: all@example.test"),
        ("anna@example.test", "Hello\n\nAnother text"),
        ("", "Hello"),
        ("anna", "Hello"),
        ("@", "Hello"),
        ("anna@example.test\x00", "Hello"),
    ],
)
async def test_no_header_and_no_recipient_can_be_slipped_in(
    smtp_server: SmtpServer, to: str, subject: str
) -> None:
    with pytest.raises(MailError):
        await mailer(smtp_server.as_settings()).send(to, subject, "text")
    assert smtp_server.messages == []


async def test_a_refused_mail_is_an_error_that_does_not_name_the_address(
    smtp_server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    smtp_server.reject = "554 anna@example.test is not welcome"
    with pytest.raises(MailError) as caught:
        await mailer(smtp_server.as_settings()).send("anna@example.test", "Hello", "text")
    assert "anna" not in str(caught.value)
    assert "mail not sent" in caplog.text
    assert "anna" not in caplog.text


async def test_a_server_that_is_away_is_an_error() -> None:
    values = {"smtp_host": "127.0.0.1", "smtp_port": free_port(), "smtp_security": "none"}
    with pytest.raises(MailError):
        await mailer(values).send("anna@example.test", "Hello", "text")


async def test_without_a_server_there_is_no_mail() -> None:
    unconfigured = mailer({})
    assert not unconfigured.configured
    with pytest.raises(MailError, match="SMTP_HOST"):
        await unconfigured.send("anna@example.test", "Hello", "text")
    assert mailer({"smtp_host": "mail.test"}).configured


def login(server: SmtpServer, **changes: str) -> dict[str, Any]:
    good = {"smtp_security": "starttls", "smtp_user": "mailer", "smtp_password": "sesame"}
    return {**server.as_settings(), **good, **changes}


async def test_starttls_with_a_login(tls_server: SmtpServer, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    await mailer(login(tls_server), trusting).send("anna@example.test", "Hello", "text")
    assert tls_server.recipients == [["anna@example.test"]]
    with pytest.raises(MailError, match="SMTPAuthenticationError"):
        await mailer(login(tls_server, smtp_password="wrong"), trusting).send("a@b.test", "Hello", "text")
    assert len(tls_server.messages) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(tls_server: SmtpServer) -> None:
    with pytest.raises(MailError, match=r"Connect|SSL"):
        await mailer(login(tls_server)).send("anna@example.test", "Hello", "text")
    assert tls_server.messages == []


async def test_starttls_is_not_given_up_when_the_server_has_none(smtp_server: SmtpServer) -> None:
    values = {**smtp_server.as_settings(), "smtp_security": "starttls"}
    with pytest.raises(MailError):
        await mailer(values).send("anna@example.test", "Hello", "text")
    assert smtp_server.messages == []
