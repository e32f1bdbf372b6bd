import httpx
import pytest

from ai_assistant.prompts import extract_code
from ai_assistant_testing.stand_in import StandIn
from ai_assistant_testing.wire import Reply
from assistants_testing.plugin import AuthHeaders, PublishedEvents

CODE = "ВЫБРАТЬ\n\tТовары.Ссылка\nИЗ\n\tСправочник.Товары КАК Товары"  # noqa: RUF001 - 1C is written in Russian


@pytest.mark.parametrize("model", ["gpt-5.5", "claude-sonnet-5"])
@pytest.mark.parametrize(
    ("kind", "told"), [("module", "module"), ("query", "1C query"), ("report", "data set")]
)
async def test_generates(
    client: httpx.AsyncClient,
    stand_in: StandIn,
    auth_headers: AuthHeaders,
    published_events: PublishedEvents,
    model: str,
    kind: str,
    told: str,
) -> None:
    stand_in.reply = Reply(pieces=("```bsl\n", CODE, "\n```"))
    body = {"kind": kind, "description": "Список товаров", "model": model}
    answer = await client.post("/generate", json=body, headers=auth_headers())
    assert answer.status_code == 200
    assert answer.json() == {
        "kind": kind,
        "code": CODE,
        "model": model,
        "fallback_for": None,
        "finish_reason": "stop",
        "usage": {"input_tokens": 21, "output_tokens": 8, "estimated": False},
        "context": [],
    }
    sent = stand_in.requests[0].body
    system = sent.get("system") or sent["messages"][0]["content"]
    assert told in system
    assert sent["messages"][-1]["content"] == "Список товаров"
    assert (await published_events())[-1]["data"]["operation"] == "generate"


@pytest.mark.parametrize("body", [{"kind": "form", "description": "x"}, {"kind": "query", "description": ""}])
async def test_bad_requests(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, body: dict[str, str]
) -> None:
    assert (await client.post("/generate", json=body, headers=auth_headers())).status_code == 422


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("  x = 1;\n", "x = 1;"),
        ("Here:\n```bsl\nx = 1;\n```\nDone.", "x = 1;"),
        ("```\na;\n```\nand\n```1c\nb;\n```", "a;\n\nb;"),
        ("```bsl\nx = 1;\ny = ", "x = 1;\ny ="),
    ],
    ids=["bare", "fenced", "two", "cut"],
)
def test_code_is_taken_out_of_an_answer(answer: str, code: str) -> None:
    assert extract_code(answer) == code
