from pydantic import Field

from assistants_common.settings import ServiceSettings
from contract_testing.limits import highest_limits, lifted_limits


class Settings(ServiceSettings):
    logins_per_minute: int = Field(default=10, ge=1, le=1000)
    exports_per_day: int = Field(default=5, gt=0, lt=50)
    token_budget: int = Field(default=200, ge=1)
    lock_after_failures: int = Field(default=10, le=99)
    page_size: int = Field(default=10, le=100)


def test_limits_are_lifted_as_far_as_the_settings_allow_and_nothing_else_is() -> None:
    limits = highest_limits(Settings)
    assert limits.pop("token_budget") > 1_000_000
    assert limits == {"logins_per_minute": 1000, "exports_per_day": 49, "lock_after_failures": 99}


def test_the_settings_of_a_service_are_found_by_its_package() -> None:
    assert lifted_limits("ai_assistant")["daily_token_budget"] > 1_000_000
