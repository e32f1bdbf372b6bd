"""The providers there are keys for, and which of them has a model."""

import asyncio
import logging
from time import monotonic

from anthropic import Timeout

from ai_assistant.providers.anthropic_provider import AnthropicProvider
from ai_assistant.providers.base import Provider
from ai_assistant.providers.errors import ProviderError
from ai_assistant.providers.openai_provider import OpenAIProvider
from ai_assistant.settings import Settings
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

_ANTHROPIC_MODELS = "claude"
_KEY_SETTINGS = {OpenAIProvider.name: "OPENAI_API_KEY", AnthropicProvider.name: "ANTHROPIC_API_KEY"}


class Providers:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._available = _build(settings)
        self._names: dict[str, tuple[float, list[str]]] = {}

    def for_model(self, model: str) -> Provider:
        """The provider of a model: 422 when callers may not use it, 503 when its provider has no key."""
        if not self._settings.allows(model):
            raise ProblemError(
                422, f"The model {model!r} is not among those allowed here (AI_ALLOWED_MODELS)."
            )
        name = AnthropicProvider.name if model.startswith(_ANTHROPIC_MODELS) else OpenAIProvider.name
        if name not in self._available:
            raise _not_configured(f"the model {model!r}", _KEY_SETTINGS[name])
        return self._available[name]

    async def models(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Allowed models with their providers, sorted, and the providers that could not be asked."""
        if not self._available:
            raise _not_configured("any model", " or ".join(_KEY_SETTINGS.values()))
        providers = list(self._available.values())
        answers = await asyncio.gather(
            *(self._model_names(provider) for provider in providers), return_exceptions=True
        )
        found: list[tuple[str, str]] = []
        failures: dict[str, ProviderError] = {}
        for provider, answer in zip(providers, answers, strict=True):
            if isinstance(answer, ProviderError):
                failures[provider.name] = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.extend((name, provider.name) for name in answer if self._settings.allows(name))
        if len(failures) == len(providers):
            raise next(iter(failures.values()))
        return sorted(found), sorted(failures)

    async def close(self) -> None:
        await asyncio.gather(*(provider.close() for provider in self._available.values()))

    async def _model_names(self, provider: Provider) -> list[str]:
        fresh_until, names = self._names.get(provider.name, (0.0, []))
        if monotonic() >= fresh_until:
            names = await provider.model_names()
            self._names[provider.name] = (monotonic() + self._settings.ai_models_cache_seconds, names)
        return names


def _build(settings: Settings) -> dict[str, Provider]:
    timeout = Timeout(settings.ai_timeout_seconds, connect=settings.ai_connect_timeout_seconds)
    providers: list[Provider] = []
    if key := settings.openai_api_key:
        providers.append(OpenAIProvider(key.get_secret_value(), settings.openai_base_url, timeout))
    if key := settings.anthropic_api_key:
        providers.append(AnthropicProvider(key.get_secret_value(), settings.anthropic_base_url, timeout))
    return {provider.name: provider for provider in providers}


def _not_configured(what: str, setting: str) -> ProblemError:
    return ProblemError(503, f"There is no key for {what}: set {setting}.", title="Provider not configured")
