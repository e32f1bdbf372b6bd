"""Keys for tests, generated once because RSA keys take long."""

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from assistants_common.signing_keys import PrivateKey, PublicKey


@cache
def private_key(algorithm: str, number: int = 0) -> PrivateKey:
    """The `number`-th key for RS256 or ES256."""
    del number  # it only tells one key from the next
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(*keys: PrivateKey) -> str:
    blocks = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys]
    return "".join(block.decode() for block in blocks)


def public_pem(key: PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
