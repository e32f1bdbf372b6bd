"""The configured providers, and the choice of a provider for a model."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

import httpx2

from ai_assistant.providers.addresses import Address, addresses
from ai_assistant.providers.base import Provider
from ai_assistant.providers.errors import (
    ANTHROPIC,
    KEY_SETTINGS,
    OPENAI,
    URL_SETTINGS,
    ProviderError,
    UnknownModelError,
)
from ai_assistant.settings import Settings
from assistants_common.problems import ProblemError

logger = logging.getLogger(__name__)

_ANTHROPIC_MODELS = "claude"
_LIST_SECONDS = 3
_LISTED = 20


@dataclass(frozen=True)
class Candidate:
    """A model that may answer, and its provider."""

    model: str
    provider: Provider


class Providers:
    def __init__(self, settings: Settings) -> None:
        self._opened: list[Provider] = []
        self._addresses: dict[str, Address] = {}
        self._available: dict[str, Provider] = {}
        self._names: dict[str, tuple[float, list[str]]] = {}
        self.use(settings)

    def candidates(self, model: str) -> list[Candidate]:
        """The requested model, then the fallback model.

        403 when callers may not use the model, 503 when its provider has no key.
        """
        if not self._settings.allows(model):
            raise ProblemError(
                403, f"The model {model!r} is not among those allowed here (AI_ALLOWED_MODELS)."
            )
        provider = self._provider_of(model)
        if provider is None:
            raise _not_configured(f"the model {model!r}", KEY_SETTINGS[_provider_name(model)])
        asked = Candidate(model, provider)
        if self._fallback is None or self._fallback.model == model:
            return [asked]
        return [asked, self._fallback]

    async def explain(self, error: UnknownModelError, candidate: Candidate) -> ProviderError:
        """The error with the available models. A model that the settings name is not the caller's mistake."""
        provider = candidate.provider
        usable = await self._usable(provider)
        setting = self._settings.setting_of(candidate.model)
        if setting is None:
            detail = f"{error.problem_detail}; {usable}, and AI_MODEL sets the default."
            return ProviderError(error.status_code, detail, billed=error.billed)
        mend = f"set {setting} to another, or correct {URL_SETTINGS[provider.name]}"
        detail = f"{error.problem_detail}: {mend}; {usable}."
        return ProviderError(503, detail, billed=error.billed)

    @property
    def simulated(self) -> bool:
        """Whether a simulator answers, because no provider is configured."""
        return self._settings.is_simulated

    async def models(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Allowed models with their providers, sorted, and the providers that did not answer."""
        if not self._available:
            raise _not_configured("any model", " or ".join(KEY_SETTINGS.values()))
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
        await asyncio.gather(*(provider.close() for provider in self._opened))

    def use(self, settings: Settings) -> None:
        """Use these keys and addresses from now on. Calls under way keep the keys they began with."""
        self._settings = settings
        known, self._addresses = self._addresses, addresses(settings)
        changed = {name: place for name, place in self._addresses.items() if known.get(name) != place}
        kept = {
            name: one for name, one in self._available.items() if known.get(name) == self._addresses.get(name)
        }
        built = _build(changed, settings)
        self._available = {name: (kept | built)[name] for name in self._addresses}
        self._opened.extend(built.values())
        self._names = {name: found for name, found in self._names.items() if name in kept}
        self._fallback = self._find_fallback()

    def _find_fallback(self) -> Candidate | None:
        model = self._settings.ai_fallback_model
        if model is None:
            return None
        provider = self._provider_of(model)
        if provider is None:
            missing = {"model": model, "missing": KEY_SETTINGS[_provider_name(model)]}
            logger.warning("there is no key for the fallback model: it is not used", extra=missing)
            return None
        return Candidate(model, provider)

    def _provider_of(self, model: str) -> Provider | None:
        """The provider of a model. Without one, a self-hosted server: it may have any model."""
        by_name = self._available.get(_provider_name(model))
        own = (self._available[name] for name, address in self._addresses.items() if address.base_url)
        return by_name or next(own, None)

    async def _usable(self, provider: Provider) -> str:
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                names = await self._model_names(provider)
        except (ProviderError, TimeoutError):
            return "GET /models lists what the key can use"
        allowed = sorted(filter(self._settings.allows, names))
        if not allowed:
            return "the key can use none of the models in AI_ALLOWED_MODELS"
        more = f" and {len(allowed) - _LISTED} more" if len(allowed) > _LISTED else ""
        return f"the key can use {', '.join(allowed[:_LISTED])}{more}"

    async def _model_names(self, provider: Provider) -> list[str]:
        fresh_until, names = self._names.get(provider.name, (0.0, []))
        if monotonic() >= fresh_until:
            names = await provider.model_names()
            self._names[provider.name] = (monotonic() + self._settings.ai_models_cache_seconds, names)
        return names


def _provider_name(model: str) -> str:
    return ANTHROPIC if model.startswith(_ANTHROPIC_MODELS) else OPENAI


def _build(places: Mapping[str, Address], settings: Settings) -> dict[str, Provider]:
    timeout = httpx2.Timeout(settings.ai_timeout_seconds, connect=settings.ai_connect_timeout_seconds)
    providers: list[Provider] = []
    if place := places.get(OPENAI):
        from ai_assistant.providers.openai_provider import OpenAIProvider  # noqa: PLC0415 - an SDK takes a second

        providers.append(OpenAIProvider(place.key, place.base_url, timeout))
    if place := places.get(ANTHROPIC):
        from ai_assistant.providers.anthropic_provider import AnthropicProvider  # noqa: PLC0415 - as above

        providers.append(AnthropicProvider(place.key, place.base_url, timeout))
    return {provider.name: provider for provider in providers}


def _not_configured(what: str, setting: str) -> ProblemError:
    return ProblemError(503, f"There is no key for {what}: set {setting}.", title="Provider not configured")
