"""Settings of ai-assistant."""

from fnmatch import fnmatchcase
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from ai_assistant.models import MODEL_LENGTH, MODEL_PATTERN
from assistants_common.settings import DatabaseSettings, OptionalSecret

_CHAT_MODELS = "claude-*,gpt-*,chatgpt-*,o1*,o3*,o4*"


def _http_url(value: str) -> str:
    """Validate an http(s) URL. Error messages quote the value unless it contains a password."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("must be an http or https URL; this one cannot be read") from error
    if "@" in parts.netloc:
        raise ValueError("must have no credentials")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError(f"must be an http or https URL, not {value!r}")
    if parts.query or parts.fragment:
        raise ValueError(f"must have no query or fragment, unlike {value!r}")
    return value.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Settings(DatabaseSettings):
    port: int = Field(default=8000, ge=1, le=65535)

    openai_api_key: OptionalSecret = None
    openai_base_url: HttpUrl | None = None
    anthropic_api_key: OptionalSecret = None
    anthropic_base_url: HttpUrl | None = None
    model_simulator_url: HttpUrl | None = Field(
        default=None,
        description="Answers, locally, in place of all providers while none has a key or an address here.",
    )
    onec_integration_url: HttpUrl | None = Field(
        default=None, description="1c-integration, for the metadata POST /generate shows to the model."
    )

    ai_model: str = Field(default="gpt-5.5", pattern=MODEL_PATTERN, max_length=MODEL_LENGTH)
    ai_fallback_model: str | None = Field(
        default=None,
        pattern=MODEL_PATTERN,
        max_length=MODEL_LENGTH,
        description="Answers when the provider of the model asked for is away, overloaded or too slow.",
    )
    ai_allowed_models: str = Field(
        default=_CHAT_MODELS, description="Patterns of the models a caller may ask for, comma separated."
    )
    ai_max_output_tokens: int = Field(default=2048, ge=1, le=128_000)
    ai_history_tokens: int = Field(
        default=4000, ge=0, le=1_000_000, description="How much of a conversation goes with a new message."
    )
    ai_context_tokens: int = Field(
        default=2000, ge=0, le=1_000_000, description="How much metadata goes with a description of code."
    )
    ai_metadata_seconds: float = Field(
        default=3, gt=0, le=30, description="For the answer of 1c-integration."
    )
    ai_attempts: int = Field(default=2, ge=1, le=5, description="How often a model is tried at most.")
    ai_connect_timeout_seconds: float = Field(default=5, gt=0, le=60)
    ai_timeout_seconds: float = Field(
        default=55, gt=0, le=600, description="For a whole JSON answer, and for a silence within a stream."
    )
    ai_stream_seconds: float = Field(default=110, gt=0, le=3600, description="For a whole stream.")
    ai_heartbeat_seconds: float = Field(default=15, gt=0, le=60)
    ai_models_cache_seconds: float = Field(default=600, ge=0, le=86_400)

    ai_retention_days: int = Field(
        default=90, ge=1, le=3650, description="How long a conversation is kept after its last turn."
    )
    daily_token_budget: int = Field(default=200_000, ge=1)

    @model_validator(mode="after")
    def _streams_end_before_the_process(self) -> Self:
        if max(self.ai_stream_seconds, self.ai_timeout_seconds) > self.shutdown_timeout_seconds:
            raise ValueError(
                "SHUTDOWN_TIMEOUT_SECONDS must not be below AI_STREAM_SECONDS or AI_TIMEOUT_SECONDS"
            )
        return self

    @model_validator(mode="after")
    def _simulated_locally_only(self) -> Self:
        if self.model_simulator_url is not None and self.env_tier != "local":
            raise ValueError(
                f"MODEL_SIMULATOR_URL is for ENV_TIER=local, not for {self.env_tier}: set a provider's key"
            )
        return self

    @model_validator(mode="after")
    def _the_fallback_is_another_model(self) -> Self:
        if self.ai_fallback_model == self.ai_model:
            raise ValueError(f"AI_FALLBACK_MODEL must not be AI_MODEL, {self.ai_model!r}")
        return self

    @property
    def has_provider(self) -> bool:
        """Whether any provider has a key or an address."""
        return any(
            (self.openai_api_key, self.openai_base_url, self.anthropic_api_key, self.anthropic_base_url)
        )

    @property
    def is_simulated(self) -> bool:
        """Whether the simulator answers: only while no provider has a key or an address."""
        return self.model_simulator_url is not None and not self.has_provider

    def allows(self, model: str) -> bool:
        """Whether a caller may use a model; models named in the settings are always allowed."""
        patterns = (pattern.strip() for pattern in self.ai_allowed_models.split(","))
        return self.setting_of(model) is not None or any(fnmatchcase(model, pattern) for pattern in patterns)

    def setting_of(self, model: str) -> str | None:
        """The setting that names a model."""
        return {self.ai_fallback_model: "AI_FALLBACK_MODEL", self.ai_model: "AI_MODEL"}.get(model)
