"""Lifts the limits of a service, so that a run sees more than 429."""

import importlib
import re
from typing import SupportsInt, cast

from annotated_types import Le, Lt
from pydantic.fields import FieldInfo

from assistants_common.settings import ServiceSettings

_LIMIT = re.compile(r"(_per_(second|minute|hour|day)|_budget|_after_failures)$")
_UNBOUNDED = 1_000_000_000


def lifted_limits(package: str) -> dict[str, int]:
    """The highest value of every setting of a service that counts requests, tokens or failures."""
    return highest_limits(importlib.import_module(f"{package}.settings").Settings)


def highest_limits(settings: type[ServiceSettings]) -> dict[str, int]:
    return {
        name: _highest(field)
        for name, field in settings.model_fields.items()
        if _LIMIT.search(name) is not None
    }


def _highest(field: FieldInfo) -> int:
    for bound in field.metadata:
        if isinstance(bound, Le):
            return int(cast(SupportsInt, bound.le))
        if isinstance(bound, Lt):
            return int(cast(SupportsInt, bound.lt)) - 1
    return _UNBOUNDED
