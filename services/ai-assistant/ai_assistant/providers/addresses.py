"""The address of a provider: its own, a self-hosted server's, or the simulator's."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from ai_assistant.providers.errors import ANTHROPIC, OPENAI
from ai_assistant.settings import Settings

# The SDKs require a key; servers without keys ignore it.
_NO_KEY = "none"


@dataclass(frozen=True)
class Address:
    key: str
    base_url: str | None
    """None: the provider's own."""


def addresses(settings: Settings) -> dict[str, Address]:
    """The addresses by provider."""
    simulator = settings.model_simulator_url if settings.is_simulated else None
    found = {
        OPENAI: _address(settings.openai_api_key, openai_base(simulator or settings.openai_base_url)),
        ANTHROPIC: _address(
            settings.anthropic_api_key, anthropic_base(simulator or settings.anthropic_base_url)
        ),
    }
    return {name: address for name, address in found.items() if address}


def openai_base(url: str | None) -> str | None:
    """The URL with its version: settings often name only host and port, and most servers use /v1."""
    if url is None:
        return None
    base = url.removesuffix("/chat/completions").removesuffix("/models").rstrip("/")
    return base if urlsplit(base).path else f"{base}/v1"


def anthropic_base(url: str | None) -> str | None:
    """The URL without its version, which Anthropic's SDK adds."""
    if url is None:
        return None
    return url.removesuffix("/messages").removesuffix("/models").removesuffix("/v1").rstrip("/")


def _address(key: SecretStr | None, base_url: str | None) -> Address | None:
    if key is None and base_url is None:
        return None
    return Address(key.get_secret_value() if key else _NO_KEY, base_url)
