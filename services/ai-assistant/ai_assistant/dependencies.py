"""The service's own dependencies for endpoints, besides the shared ones."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from ai_assistant.budget import TokenBudget
from ai_assistant.completions import Completions
from ai_assistant.conversations import Conversations
from ai_assistant.metadata import MetadataSource
from ai_assistant.providers.registry import Providers
from ai_assistant.retries import RetryPolicy
from ai_assistant.settings import Settings
from ai_assistant.usage import UsageLedger
from assistants_common.resources import Resources


@dataclass(frozen=True)
class Assistant:
    """The parts of the service, created once per application."""

    settings: Settings
    providers: Providers
    completions: Completions
    conversations: Conversations
    metadata: MetadataSource

    @classmethod
    def build(cls, settings: Settings, resources: Resources) -> "Assistant":
        providers = Providers(settings)
        resources.live.on_change(Settings, providers.use)
        ledger = UsageLedger(resources.require_database())
        budget = TokenBudget(resources.redis, settings.daily_token_budget, ledger.spent_since)
        return cls(
            settings=settings,
            providers=providers,
            completions=Completions(providers, budget, ledger, RetryPolicy(settings.ai_attempts)),
            conversations=Conversations(resources.require_database()),
            metadata=MetadataSource(
                settings.onec_integration_url, settings.ai_metadata_seconds, settings.ai_context_tokens
            ),
        )

    async def close(self) -> None:
        await self.providers.close()
        await self.metadata.close()


def _assistant(request: Request) -> Assistant:
    return cast(Assistant, request.app.state.assistant)


AssistantDep = Annotated[Assistant, Depends(_assistant)]
