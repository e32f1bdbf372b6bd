# ruff: noqa: RUF001 - questions and names of 1C are Cyrillic
"""The simulator, asked by the providers' own SDKs and through the service."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from fastapi import FastAPI

from ai_assistant import prompts
from ai_assistant.app import build_app
from ai_assistant.providers.addresses import addresses
from ai_assistant.schemas import CodeKind
from ai_assistant.settings import Settings
from ai_assistant_testing.serving import serving
from ai_assistant_testing.stand_in import OPENAI_KEY, StandIn
from assistants_testing import processes
from assistants_testing.plugin import AuthHeaders, running
from model_simulator.answers import ENGLISH, RUSSIAN, answer
from model_simulator.facts import FACTS
from model_simulator.server import build_simulator
from onec_simulator.demo import demo_base

QUESTIONS = [
    ("Какие организации есть в базе?", RUSSIAN, "Ромашка"),
    ("Сколько документов реализации?", RUSSIAN, "1200"),
    ("How many sales are there?", ENGLISH, "1200"),
    ("Which warehouses do we have?", ENGLISH, "Основной склад"),
    ("Tell me about the weather", ENGLISH, "The simulator only answers about the demonstration base"),
    ("Как дела?", RUSSIAN, "Симулятор отвечает только о демонстрационной базе"),
    ("\ud83d", ENGLISH, "Catalog_"),
    ("", ENGLISH, "Catalog_"),
]


@pytest.fixture(scope="module")
async def simulator() -> AsyncIterator[str]:
    async with serving(build_simulator(0)) as url:
        yield url


@pytest.fixture(scope="module")
def without_a_key(platform_settings: dict[str, Any], simulator: str) -> dict[str, Any]:
    return {**platform_settings, "model_simulator_url": simulator, "ai_timeout_seconds": 60}


@pytest.fixture(scope="module")
async def app(without_a_key: dict[str, Any]) -> AsyncIterator[FastAPI]:
    async with running(build_app(Settings.model_validate(without_a_key))) as application:
        yield application


@pytest.mark.parametrize(("question", "said", "fact"), QUESTIONS)
def test_every_answer_says_who_gives_it(question: str, said: str, fact: str) -> None:
    text = answer(prompts.CHAT, question)
    assert text.startswith(said)
    assert fact in text


def test_what_it_says_of_the_demonstration_base_is_true() -> None:
    base = demo_base()
    assert {fact.entity_set: fact.rows for fact in FACTS} == {
        name: len(base.entity_sets[name].rows) for name in (fact.entity_set for fact in FACTS)
    }
    for name in ("Catalog_Организации", "Catalog_Склады"):
        fact = next(fact for fact in FACTS if fact.entity_set == name)
        for row in base.entity_sets[name].rows:
            assert row["Description"].removesuffix(" ООО") in fact.russian
            assert row["Description"].removesuffix(" ООО") in fact.english


@pytest.mark.parametrize("kind", CodeKind)
@pytest.mark.parametrize("context", ["", "- Document_ЗаказКлиента: Ref_Key Guid"])
def test_code_says_it_too_and_is_in_one_block(kind: CodeKind, context: str) -> None:
    text = answer(prompts.code_system(kind, context), "Остатки на складе")
    code = prompts.extract_code(text)
    assert text.count("```") == 2
    assert code.startswith(f"// {RUSSIAN}")
    assert ("Документ.ЗаказКлиента" if context else "Справочник.Склады") in code
    assert ("Функция" in code) == (kind is not CodeKind.QUERY)


@pytest.mark.parametrize("stream", [False, True])
async def test_openais_sdk_reads_it(simulator: str, stream: bool) -> None:
    async with openai.AsyncOpenAI(api_key="none", base_url=f"{simulator}/v1") as client:
        arguments: Any = {"model": "gpt-5.5", "messages": [{"role": "user", "content": "How many sales?"}]}
        if not stream:
            whole = await client.chat.completions.create(**arguments)
            text, reason, usage = (
                whole.choices[0].message.content,
                whole.choices[0].finish_reason,
                whole.usage,
            )
        else:
            options: Any = {"stream": True, "stream_options": {"include_usage": True}}
            chunks = [chunk async for chunk in await client.chat.completions.create(**arguments, **options)]
            text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
            reason, usage = chunks[-2].choices[0].finish_reason, chunks[-1].usage
        assert text is not None
        assert text == answer("", "How many sales?")
        assert (reason, usage.total_tokens) == ("stop", usage.prompt_tokens + usage.completion_tokens)
        assert [model.id async for model in client.models.list()] == ["gpt-simulator"]


@pytest.mark.parametrize("stream", [False, True])
async def test_anthropics_sdk_reads_it(simulator: str, stream: bool) -> None:
    async with anthropic.AsyncAnthropic(api_key="none", base_url=simulator) as client:
        content = [{"type": "text", "text": "How many sales?"}]
        arguments: Any = {"model": "claude-sonnet-5", "max_tokens": 1000}
        arguments["messages"] = [{"role": "user", "content": content}]
        if stream:
            async with client.messages.stream(**arguments) as events:
                message: Any = await events.get_final_message()
        else:
            message = await client.messages.create(**arguments)
        assert message.content[0].text == answer("", "How many sales?")
        assert message.stop_reason == "end_turn"
        assert message.usage.output_tokens > 10
        assert [model.id async for model in client.models.list()] == ["claude-simulator"]


@pytest.mark.parametrize("model", [None, "claude-sonnet-5"])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_service_chats_without_a_key(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, model: str | None, stream: bool
) -> None:
    body = {"message": "Какие у нас склады?", "stream": stream, **({"model": model} if model else {})}
    found = await client.post("/chat", json=body, headers=auth_headers())
    assert found.status_code == 200, found.text
    assert "симулятора" in found.text
    assert "Розничный" in found.text
    assert '"estimated":false' in found.text


async def test_the_service_writes_code_and_lists_models_without_a_key(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    body = {"kind": "query", "description": "Список организаций"}
    code = await client.post("/generate", json=body, headers=auth_headers())
    assert code.json()["code"].startswith(f"// {RUSSIAN}")
    models = (await client.get("/models", headers=auth_headers())).json()
    assert [item["id"] for item in models["items"]] == ["claude-simulator", "gpt-simulator"]


@pytest.mark.parametrize(
    "real",
    [
        {"openai_api_key": "sk-any"},
        {"anthropic_api_key": "sk-ant-any"},
        {"openai_base_url": "http://ollama:11434"},
        {"anthropic_base_url": "http://vllm:8000"},
    ],
)
def test_it_is_off_as_soon_as_there_is_a_key_or_a_server(
    without_a_key: dict[str, Any], simulator: str, real: dict[str, str]
) -> None:
    found = addresses(Settings.model_validate({**without_a_key, **real}))
    assert list(found) == [next(iter(real)).partition("_")[0]]
    assert simulator not in str(found)


def test_a_key_in_the_secret_turns_it_off(
    without_a_key: dict[str, Any], simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    assert simulator in str(addresses(Settings(**without_a_key)))
    (tmp_path / "OPENAI_API_KEY").write_text("sk-file\n")
    assert simulator not in str(addresses(Settings(**without_a_key)))


@pytest.mark.parametrize("simulated", [True, False])
async def test_a_key_that_comes_while_it_runs_turns_it_off(
    without_a_key: dict[str, Any],
    stand_in: StandIn,
    providers: tuple[StandIn, str],
    auth_headers: AuthHeaders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    simulated: bool,
) -> None:
    """Without a restart, as a mounted Secret changes in a running pod; also where nothing is simulated."""
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    values = without_a_key if simulated else {**without_a_key, "model_simulator_url": None}
    async with running(build_app(Settings.model_validate(values))) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:

            async def ask() -> httpx.Response:
                return await client.post("/chat", json={"message": "Hi"}, headers=auth_headers())

            assert not simulated or (await client.get("/models", headers=auth_headers())).json()["simulated"]
            for content in (None, " \n"):
                if content:
                    (tmp_path / "OPENAI_API_KEY").write_text(content)
                    app.state.resources.live.look()
                before = await ask()
                assert (before.status_code, ENGLISH in before.text) == (200 if simulated else 503, simulated)
            own_address = f"{providers[1]}/v1"
            monkeypatch.setattr("ai_assistant.providers.addresses.openai_base", lambda _url: own_address)
            (tmp_path / "OPENAI_API_KEY").write_text("replaced-soon\n")
            app.state.resources.live.look()
            refused = await ask()
            (tmp_path / "OPENAI_API_KEY").write_text(f"{OPENAI_KEY}\n")
            app.state.resources.live.look()
            after = await ask()
            listed = (await client.get("/models", headers=auth_headers())).json()
    assert refused.status_code == 503
    assert (after.status_code, after.json()["message"]) == (200, "Use Записать().")
    assert len(stand_in.requests) == 3
    assert {item["provider"] for item in listed["items"]} == {"openai"}
    assert "gpt-simulator" not in [item["id"] for item in listed["items"]]
    assert listed["simulated"] is False


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 30_000,
        b'{"model": "m"}',
        b'{"model": "m", "messages": []}',
        b'{"model": "m", "messages": ["text"]}',
        b'{"model": null, "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "\\ud83d", "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "m", "max_tokens": "many", "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "m", "max_tokens": -1, "messages": [{"role": "user", "content": "Hi"}]}',
        b'{"model": "m", "stream_options": 1, "messages": [{"role": "user", "content": "Hi"}]}',
        b" " * (4 * 1024 * 1024 + 1),
    ],
)
async def test_what_it_refuses_is_the_callers_fault(simulator: str, path: str, body: bytes) -> None:
    async with httpx.AsyncClient(base_url=simulator, timeout=60) as client:
        refused = await client.post(path, content=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_it_keeps_to_the_limit(simulator: str, name: str) -> None:
    body = {"model": "m", name: 10, "messages": [{"role": "user", "content": "Hi"}]}
    async with httpx.AsyncClient(base_url=simulator, timeout=60) as client:
        found = (await client.post("/v1/chat/completions", json=body)).json()
    assert found["choices"][0]["finish_reason"] == "length"
    assert 0 < found["usage"]["completion_tokens"] <= 10
    assert ENGLISH.startswith(found["choices"][0]["message"]["content"])


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    port, log = processes.free_port(), tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "model_simulator", "--host", "127.0.0.1", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=Path(prompts.__file__).parents[1],
            env={"PYTHONPATH": str(Path(prompts.__file__).parents[2] / "common")},
        )

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/live").is_success
        except httpx.TransportError:
            return False

    try:
        processes.wait_until(answers, process, log)
    finally:
        processes.stop(process)
    assert re.search(r'"service": "model-simulator"', log.read_text())
