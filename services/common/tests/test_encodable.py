"""Half of a surrogate pair, in every notation that a body allows."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import Body, FastAPI
from pydantic import BaseModel, SecretStr

from assistants_common.app import create_app
from assistants_common.json_logging import JsonFormatter
from assistants_common.settings import ServiceSettings
from assistants_testing.plugin import running

HALF, OTHER_HALF = "\\ud83d", "\\ude00"


class Everything(BaseModel):
    text: str = ""
    secret: SecretStr = SecretStr("")
    texts: list[str] = []
    anything: dict[str, Any] = {}


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = ServiceSettings.model_validate(platform_settings)
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[])

    @application.post("/everything")
    async def everything(body: Everything) -> int:
        return len(body.model_dump_json().encode()) + len(body.secret.get_secret_value().encode())

    @application.post("/anything")
    async def anything(body: Any = Body()) -> str:  # noqa: ANN401
        return json.dumps(body, ensure_ascii=False).encode().decode()

    async with running(application):
        yield application


@pytest.mark.parametrize(
    "half", [HALF, OTHER_HALF, OTHER_HALF + HALF, "\\uD800", "\\uDFFF", "x" + HALF + "y"]
)
@pytest.mark.parametrize(
    ("body", "location"),
    [
        ('{"text": "%s"}', ["body", "text"]),
        ('{"secret": "%s"}', ["body", "secret"]),
        ('{"texts": ["good", "%s"]}', ["body", "texts", "1"]),
        ('{"anything": {"a": [{"b": "%s"}]}}', ["body", "anything", "a", "0", "b"]),
        ('{"anything": {"%s": 1}}', ["body", "anything"]),
        ('{"unknown": "%s"}', ["body", "unknown"]),
    ],
)
async def test_it_is_refused_wherever_it_is(
    client: httpx.AsyncClient, body: str, location: list[str], half: str
) -> None:
    answer = await client.post(
        "/everything", content=body.replace("%s", half), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["location"], error["code"]) == (location, "string_unicode")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
async def test_it_is_refused_in_every_encoding_json_may_have(
    client: httpx.AsyncClient, encoding: str
) -> None:
    content = '["\ud83d"]'.encode(encoding, "surrogatepass")
    answer = await client.post("/anything", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("text", [HALF + OTHER_HALF, "\\\\ud83d", "\\u0000", "привет", "\\uffff"])
async def test_whole_characters_are_text(client: httpx.AsyncClient, text: str) -> None:
    content = f'["{text}"]'
    answer = await client.post(
        "/anything", content=content.encode(), headers={"Content-Type": "application/json"}
    )
    assert json.loads(answer.json()) == json.loads(content)


async def test_a_body_nested_deeply_is_looked_through(client: httpx.AsyncClient) -> None:
    content = "[" * 800 + f'"{HALF}"' + "]" * 800
    answer = await client.post("/anything", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_line_of_the_log_can_always_be_written() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "bad \ud83d text", None, None)
    assert "bad ? text" in json.loads(JsonFormatter("sample", "1").format(record).encode())["message"]
