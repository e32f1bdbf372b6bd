import pytest

from ai_assistant.providers.errors import ProviderError
from ai_assistant.providers.meanings import Remedy
from ai_assistant.retries import LONGEST_PAUSE, RetryPolicy


def failure(remedy: Remedy = Remedy.RETRY, retry_after: float | None = None) -> ProviderError:
    return ProviderError(503, "failed", billed=False, remedy=remedy, retry_after=retry_after)


def longest(_shortest: float, longest_pause: float) -> float:
    return longest_pause


def shortest(shortest_pause: float, _longest: float) -> float:
    return shortest_pause


def test_pauses_grow_and_are_spread() -> None:
    policy = RetryPolicy(6, longest)
    assert [policy.pause(number, failure()) for number in range(1, 7)] == [0.5, 1, 2, 4, LONGEST_PAUSE, None]
    assert RetryPolicy(2, shortest).pause(1, failure()) == 0.25
    pause = RetryPolicy(2).pause(1, failure())
    assert pause is not None
    assert 0.25 <= pause <= 0.5


@pytest.mark.parametrize("remedy", [Remedy.NONE, Remedy.FALLBACK])
def test_only_what_may_go_well_is_tried_again(remedy: Remedy) -> None:
    assert RetryPolicy(5).pause(1, failure(remedy)) is None


def test_a_single_attempt_is_the_last() -> None:
    assert RetryPolicy(1).pause(1, failure()) is None


def test_the_provider_says_how_long_unless_it_is_too_long() -> None:
    policy = RetryPolicy(2)
    assert policy.pause(1, failure(retry_after=0)) == 0
    assert policy.pause(1, failure(retry_after=LONGEST_PAUSE)) == LONGEST_PAUSE
    assert policy.pause(1, failure(retry_after=LONGEST_PAUSE + 0.1)) is None
