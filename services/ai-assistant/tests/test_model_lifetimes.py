"""No model named in this repository may be near its end of life in the lists of the providers' SDKs."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from openai.types.shared import chat_model

from ai_assistant.settings import Settings

REPOSITORY = Path(__file__).parents[3]
NOTICE = timedelta(days=90)
_BULLET = re.compile(r"^- ", re.MULTILINE)
_SHUTDOWN = re.compile(r"shutdown date: (\d{4}-\d{2}-\d{2})")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th)\b")
_RENDERED = re.compile(r"name: (AI_MODEL|AI_FALLBACK_MODEL)\n\s+value: \"?([^\s\"]+)")
_IN_PROSE = re.compile(r"\b(?:gpt|claude)-[a-z0-9.-]*[a-z0-9]")


def ends(text: str) -> dict[str, date]:
    """The end dates of OpenAI's models. A removed model without a date has ended."""
    found: dict[str, date] = {}
    for bullet in _BULLET.split(text)[1:]:
        shutdown = _SHUTDOWN.search(" ".join(bullet.split()))
        day = date.fromisoformat(shutdown[1]) if shutdown else date.min
        found.update(dict.fromkeys(re.findall(r'"([^"]+)"', bullet), day))
    return found


def openai_ends() -> dict[str, date]:
    assert chat_model.__file__
    tree = ast.parse(Path(chat_model.__file__).read_text())
    return ends(str(ast.literal_eval(tree.body[-1].value)))  # type: ignore[attr-defined]


def anthropic_ends() -> dict[str, date]:
    return {
        model: datetime.strptime(_ORDINAL.sub("", day), "%B %d, %Y").date()  # noqa: DTZ007 - a day
        for model, day in DEPRECATED_MODELS.items()
    }


def ending(models: Mapping[str, str], lists: Mapping[str, date], today: date) -> list[str]:
    """Those of `models`, with where they are named, that end within the notice."""
    return [
        f"{model} in {place} ends on {lists[model]}"
        for place, model in models.items()
        if model in lists and lists[model] <= today + NOTICE
    ]


def ours() -> Iterator[tuple[str, str]]:
    yield "AI_MODEL's default", str(Settings.model_fields["ai_model"].default)
    for manifest in REPOSITORY.glob("dist/*/30-ai-assistant.k8s.yaml"):
        for name, model in _RENDERED.findall(manifest.read_text()):
            yield f"{name} of {manifest.parent.name}", model
    for page in ("README.md", "docs/services.md", "docs/models.md"):
        for model in _IN_PROSE.findall((REPOSITORY / page).read_text()):
            yield f"{page}: {model}", model


def test_ours_are_found_and_are_models() -> None:
    models = dict(ours())
    assert {"AI_MODEL's default", "AI_MODEL of dev", "AI_MODEL of staging", "AI_MODEL of production"} <= set(
        models
    )
    known = get_args(chat_model.ChatModel)
    assert {model for model in models.values() if model.startswith("gpt-")} <= set(known)


def test_the_lists_are_read_whole() -> None:
    openai, anthropic = openai_ends(), anthropic_ends()
    assert openai["gpt-4"] == openai["gpt-3.5-turbo"] == date(2026, 10, 23)
    assert openai["gpt-5.1-mini"] == date.min
    assert anthropic["claude-3-opus-20240229"] == date(2026, 1, 5)
    assert set(openai) <= set(get_args(chat_model.ChatModel))
    assert len(anthropic) == len(DEPRECATED_MODELS)


@pytest.mark.parametrize("day", [date(2026, 7, 25), date(2026, 10, 23), date(2030, 1, 1)])
def test_a_model_that_ends_within_the_notice_is_told(day: date) -> None:
    lists = {**openai_ends(), **anthropic_ends()}
    found = ending({"AI_MODEL": "gpt-4", "AI_FALLBACK_MODEL": "claude-sonnet-5"}, lists, day)
    assert found == ["gpt-4 in AI_MODEL ends on 2026-10-23"]


def test_a_model_that_ends_later_is_not() -> None:
    lists = {**openai_ends(), **anthropic_ends()}
    assert ending({"AI_MODEL": "gpt-4"}, lists, date(2026, 7, 24)) == []
    assert ending({"AI_MODEL": "gpt-5.1-mini"}, lists, date(2000, 1, 1)) != []


def test_none_of_ours_ends() -> None:
    lists = {**openai_ends(), **anthropic_ends()}
    assert ending(dict(ours()), lists, datetime.now().astimezone().date()) == []
