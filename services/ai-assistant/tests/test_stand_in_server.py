"""The stand-in as a server, asked through the service as the end-to-end tests do."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai_assistant.app import build_app
from ai_assistant.settings import Settings
from ai_assistant_testing import __main__ as command
from assistants_testing import processes
from assistants_testing.plugin import AuthHeaders, running

pytestmark = pytest.mark.slow

PACKAGE = Path(command.__file__).parent
_CONFIG_MAP_BYTES = 1024 * 1024


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Started where nothing of this repository but the package can be imported."""
    folder = tmp_path_factory.mktemp("stand-in")
    mounted = folder / "mounted" / PACKAGE.name
    mounted.mkdir(parents=True)
    for file in PACKAGE.glob("*.py"):
        (mounted / file.name).write_text(file.read_text())
    port, log = processes.free_port(), folder / "log"
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--delay", "0.001", "--slow-delay", "1"]
    start = f"import sys; sys.path.insert(0, {str(mounted.parent)!r}); import runpy;"
    start += f" sys.argv[1:] = {arguments!r}; runpy.run_module('ai_assistant_testing', run_name='__main__')"
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/v1/models").is_success
        except httpx.TransportError:
            return False

    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-I", "-c", start], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        processes.wait_until(answers, process, log)
        yield url
    finally:
        processes.stop(process)


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any], server_url: str) -> AsyncIterator[FastAPI]:
    values = {
        **platform_settings,
        "openai_api_key": "any",
        "openai_base_url": f"{server_url}/v1",
        "anthropic_api_key": "any",
        "anthropic_base_url": server_url,
        "ai_allowed_models": "*",
        "ai_attempts": 1,
    }
    async with running(build_app(Settings.model_validate(values))) as application:
        yield application


@asynccontextmanager
async def client_with(app: FastAPI, **values: float) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with other settings."""
    settings: Settings = app.state.resources.settings
    async with running(build_app(settings.model_copy(update=values))) as hasty:
        transport = httpx.ASGITransport(app=hasty)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test") as client:
            yield client


async def ask(client: httpx.AsyncClient, headers: dict[str, str], model: str, **more: Any) -> httpx.Response:  # noqa: ANN401
    body = {"message": "Привет, one two", "model": model, **more}
    return await client.post("/chat", json=body, headers=headers)


@pytest.mark.parametrize("model", ["gpt-5.5", "claude-sonnet-5"])
async def test_it_gives_back_what_was_said_in_pieces(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, model: str
) -> None:
    answer = await ask(client, auth_headers(), model, stream=True)
    blocks = answer.text.strip().split("\n\n")
    texts = [json.loads(block.partition("data: ")[2])["text"] for block in blocks if "event: delta" in block]
    assert texts == ["Привет, ", "one ", "two"]
    usage = json.loads(blocks[-1].partition("data: ")[2])["usage"]
    assert not usage["estimated"]
    assert usage["output_tokens"] == 6
    assert usage["input_tokens"] > 50


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("fail", 503),
        ("fail-429", 503),
        ("fail-401", 503),
        ("fail-400", 422),
        ("fail-504", 504),
        ("unknown", 422),
        ("silent", 504),
        ("hang", 504),
        ("cut", 502),
        ("drop", 503),
        ("garbage", 502),
    ],
)
@pytest.mark.parametrize("prefix", ["", "claude-"])
async def test_it_fails_as_the_models_name_says(
    app: FastAPI,
    client: httpx.AsyncClient,
    auth_headers: AuthHeaders,
    prefix: str,
    name: str,
    status: int,
) -> None:
    headers, model = auth_headers(), f"{prefix}{name}"
    if status == 504 and name != "fail-504":
        async with client_with(app, ai_timeout_seconds=0.5) as hasty:
            assert (await ask(hasty, headers, model)).status_code == status
    else:
        assert (await ask(client, headers, model)).status_code == status


async def test_slow_models_are_slow(app: FastAPI, auth_headers: AuthHeaders) -> None:
    async with client_with(app, ai_heartbeat_seconds=0.05) as client:
        answer = await ask(client, auth_headers(), "slow-1", stream=True)
    assert answer.text.startswith(": heartbeat")
    assert "event: done" in answer.text


async def test_it_lists_models_and_wants_a_key(server_url: str) -> None:
    async with httpx.AsyncClient(base_url=server_url) as client:
        models = (await client.get("/v1/models")).json()["data"]
        assert "gpt-5.5" in [model["id"] for model in models]
        body = {
            "model": "gpt-5.5",
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a b"}]}],
        }
        refused = await client.post("/v1/chat/completions", json=body)
        assert refused.status_code == 401
        assert refused.json()["error"]["code"] == "invalid_api_key"
        key = {"Authorization": "Bearer any"}
        answer = await client.post("/v1/chat/completions", json=body, headers=key)
        assert '"content": "a "' in answer.text
        assert answer.text.endswith("data: [DONE]\n\n")


def test_it_fits_into_a_config_map() -> None:
    files = list(PACKAGE.rglob("*.py"))
    assert {file.parent for file in files} == {PACKAGE}
    assert sum(file.stat().st_size for file in files) < _CONFIG_MAP_BYTES / 10


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--help"])
    assert "garbage" in capsys.readouterr().out
