"""The prices of language models."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated

from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict, Field

_PER = Decimal(1_000_000)
_RELEASE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|\d{4}|latest)$")

PRICE = Gauge(
    "ai_token_price_dollars", "US dollars for one token, by the kinds of ai_tokens_total.", ["model", "kind"]
)

Price = Annotated[Decimal, Field(ge=0, le=1_000_000)]


class TokenPrice(BaseModel):
    """US dollars for one million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Price
    completion: Price

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / _PER


TokenPrices = Mapping[str, TokenPrice]


def find_price(prices: TokenPrices, model: str) -> TokenPrice | None:
    """The price of a model, or of its base model for a dated release: `gpt-4` for `gpt-4-0613`."""
    return prices.get(model) or prices.get(_RELEASE.sub("", model))


def export_prices(prices: TokenPrices) -> None:
    """Export the prices as metrics: multiplied by the assistant's token counts they give the cost."""
    for model, price in prices.items():
        PRICE.labels(model, "input").set(float(price.prompt / _PER))
        PRICE.labels(model, "output").set(float(price.completion / _PER))


def _price(prompt: str, completion: str) -> TokenPrice:
    return TokenPrice(prompt=Decimal(prompt), completion=Decimal(completion))


DEFAULT_PRICES_SOURCE = "openai.com/api/pricing, claude.com/pricing"
DEFAULT_PRICES_DATE = date(2025, 11, 25)

DEFAULT_PRICES: TokenPrices = {
    "gpt-3.5-turbo": _price("0.50", "1.50"),
    "gpt-4": _price("30", "60"),
    "gpt-4-turbo": _price("10", "30"),
    "gpt-4o": _price("2.50", "10"),
    "gpt-4o-mini": _price("0.15", "0.60"),
    "gpt-4.1": _price("2", "8"),
    "gpt-4.1-mini": _price("0.40", "1.60"),
    "gpt-4.1-nano": _price("0.10", "0.40"),
    "gpt-5": _price("1.25", "10"),
    "gpt-5-mini": _price("0.25", "2"),
    "gpt-5-nano": _price("0.05", "0.40"),
    "gpt-5.4": _price("2.50", "15"),
    "gpt-5.4-mini": _price("0.75", "4.50"),
    "gpt-5.5": _price("5", "30"),
    "o3": _price("2", "8"),
    "o4-mini": _price("1.10", "4.40"),
    "claude-3-haiku": _price("0.25", "1.25"),
    "claude-3-5-haiku": _price("0.80", "4"),
    "claude-3-5-sonnet": _price("3", "15"),
    "claude-3-7-sonnet": _price("3", "15"),
    "claude-3-opus": _price("15", "75"),
    "claude-haiku-4-5": _price("1", "5"),
    "claude-sonnet-4": _price("3", "15"),
    "claude-sonnet-4-5": _price("3", "15"),
    "claude-opus-4": _price("15", "75"),
    "claude-opus-4-1": _price("15", "75"),
    "claude-opus-4-5": _price("5", "25"),
}
"""The providers' public list prices at the date above (of gpt-5.4 and gpt-5.5 in June 2026), to start with:
without discounts for cached or batched tokens. Set TOKEN_PRICES to what you really pay."""
