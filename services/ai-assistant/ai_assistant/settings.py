"""Settings of ai-assistant."""

from fnmatch import fnmatchcase
from typing import Self

from pydantic import Field, model_validator

from assistants_common.settings import DatabaseSettings, OptionalSecret

_CHAT_MODELS = "claude-*,gpt-*,chatgpt-*,o1*,o3*,o4*"


class Settings(DatabaseSettings):
    port: int = Field(default=8000, ge=1, le=65535)

    openai_api_key: OptionalSecret = None
    openai_base_url: str | None = None
    anthropic_api_key: OptionalSecret = None
    anthropic_base_url: str | None = None

    ai_model: str = Field(default="gpt-4", min_length=1, max_length=100)
    ai_allowed_models: str = Field(
        default=_CHAT_MODELS, description="Patterns of the models a caller may ask for, comma separated."
    )
    ai_max_output_tokens: int = Field(default=2048, ge=1, le=128_000)
    ai_history_tokens: int = Field(
        default=4000, ge=0, le=1_000_000, description="How much of a conversation goes with a new message."
    )
    ai_connect_timeout_seconds: float = Field(default=5, gt=0, le=60)
    ai_timeout_seconds: float = Field(
        default=55, gt=0, le=600, description="For a whole JSON answer, and for a silence within a stream."
    )
    ai_stream_seconds: float = Field(default=110, gt=0, le=3600, description="For a whole stream.")
    ai_heartbeat_seconds: float = Field(default=15, gt=0, le=60)
    ai_models_cache_seconds: float = Field(default=600, ge=0, le=86_400)

    daily_token_budget: int = Field(default=200_000, ge=1)

    @model_validator(mode="after")
    def _streams_end_before_the_process(self) -> Self:
        if max(self.ai_stream_seconds, self.ai_timeout_seconds) > self.shutdown_timeout_seconds:
            raise ValueError(
                "SHUTDOWN_TIMEOUT_SECONDS must not be below AI_STREAM_SECONDS or AI_TIMEOUT_SECONDS"
            )
        return self

    def allows(self, model: str) -> bool:
        """Whether a caller may ask for a model; the default model is always allowed."""
        patterns = (pattern.strip() for pattern in self.ai_allowed_models.split(","))
        return model == self.ai_model or any(fnmatchcase(model, pattern) for pattern in patterns)
