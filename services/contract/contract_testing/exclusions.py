"""Checks skipped for single operations, each with its reason. The goal is an empty list."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exclusion:
    service: str
    operations: str
    """A regular expression of `METHOD /path`."""

    check: str
    reason: str

    def as_configuration(self) -> dict[str, Any]:
        return {"include-name-regex": self.operations, "checks": {self.check: {"enabled": False}}}


EXCLUSIONS = (
    Exclusion(
        "analytics",
        r"^POST /reports/generate$",
        "positive_data_acceptance",
        "A schema cannot relate two fields: a period that ends before it begins, or is too long, is 422.",
    ),
    Exclusion(
        "api-gateway",
        r"^POST /api/analytics/reports/generate$",
        "positive_data_acceptance",
        "As in analytics.",
    ),
)


def exclusions_for(service: str) -> list[Exclusion]:
    return [exclusion for exclusion in EXCLUSIONS if exclusion.service == service]
