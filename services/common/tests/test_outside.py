"""Calls to servers outside go through the company's proxy and trust its authority; calls inside do not."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assistants_common.http_client import build_client

HOST = "models.example.com"


@dataclass
class Company:
    """A server whose certificate is of the company's authority, and a proxy that knows the way to it."""

    bundle: Path
    proxy: str = ""
    asked: list[str] = field(default_factory=list)


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = directory / "ca.crt", directory / "tls.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain, secret


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    await writer.drain()
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()


@pytest.fixture
async def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Company]:
    chain, secret = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, secret)
    found = Company(chain)

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode())
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    async with (
        await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context) as server,
        await asyncio.start_server(tunnel, "127.0.0.1", 0) as proxy,
    ):
        port = server.sockets[0].getsockname()[1]
        found.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("HTTPS_PROXY", found.proxy)
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1,::1,.svc,10.96.0.0/12,redis")
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        yield found


async def test_a_call_outside_goes_through_the_proxy_and_trusts_the_authority(company: Company) -> None:
    async with build_client(f"https://{HOST}", 30, outside=True) as client:
        response = await client.get("/v1/models")
    assert (response.status_code, response.text) == (200, "ok")
    assert company.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]


async def test_an_authority_that_is_not_in_the_bundle_is_refused(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with build_client(f"https://{HOST}", 30, outside=True) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get("/v1/models")
    assert company.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]


async def test_a_call_inside_takes_nothing_from_the_environment(company: Company) -> None:
    async with build_client("https://onec-integration.invalid", 30) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/")
    assert company.asked == []
