from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from redis.exceptions import ConnectionError as RedisConnectionError

from assistants_common.app import create_app
from assistants_common.auth import AdminUser, AnalystUser, CurrentUser
from assistants_common.context import client_address, outbound_headers
from assistants_common.problems import ProblemError
from assistants_common.schemas import FilledText
from assistants_common.settings import DatabaseSettings, ServiceSettings
from assistants_testing.plugin import running

router = APIRouter()


class Note(BaseModel):
    text: str = Field(min_length=3)


@router.post("/notes")
async def add_note(note: Note) -> Note:
    return note


@router.post("/upload")
async def upload(request: Request) -> dict[str, int]:
    return {"size": sum([len(chunk) async for chunk in request.stream()])}


@router.get("/items/{item_id}")
async def item(item_id: str) -> dict[str, str]:
    return {"id": item_id, **outbound_headers()}


@router.delete("/items/{item_id}")
async def remove_item(item_id: str) -> None:
    """The same path as `item`, another route."""


class StrictNote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: FilledText


@router.post("/strict")
async def strict(note: StrictNote) -> str:
    return note.text


@router.get("/problem")
async def problem() -> None:
    raise ProblemError(409, "Taken.", title="Name taken", type_="urn:test:taken", name="x")


@router.get("/fault")
async def fault() -> None:
    raise RuntimeError("the inside story")


@router.get("/broken-stream")
async def broken_stream() -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("the inside story")

    return StreamingResponse(body())


@router.get("/redis-down")
async def redis_down() -> None:
    raise RedisConnectionError("host and port")


@router.get("/client")
async def client_of_request() -> str | None:
    return client_address()


@router.get("/me")
async def me(caller: CurrentUser) -> dict[str, str]:
    return {"id": str(caller.user_id), "role": caller.role}


@router.get("/analysts")
async def analysts(caller: AnalystUser) -> str:
    return caller.role


@router.get("/admins")
async def admins(caller: AdminUser) -> str:
    return caller.role


@pytest.fixture(scope="module")
def settings(platform_settings: dict[str, Any]) -> DatabaseSettings:
    """Of a module that has a database."""
    return DatabaseSettings.model_validate(platform_settings)


@pytest.fixture(scope="module")
async def app(platform_settings: dict[str, Any]) -> AsyncIterator[FastAPI]:
    settings = ServiceSettings.model_validate({**platform_settings, "max_body_bytes": 1000})
    application = create_app("sample", settings, title="Sample", description="For tests.", routers=[router])
    async with running(application):
        yield application
