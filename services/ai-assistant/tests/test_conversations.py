from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from ai_assistant.completions import Completions
from ai_assistant.models import Message
from ai_assistant_testing.stand_in import StandIn
from assistants_common.resources import Resources
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

ANSWER = "Use Записать()."


async def say(
    client: httpx.AsyncClient, headers: dict[str, str], message: str, conversation_id: str | None = None
) -> str:
    body = {"message": message, "conversation_id": conversation_id}
    answer = await client.post("/chat", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["conversation_id"])


async def read(client: httpx.AsyncClient, headers: dict[str, str], path: str) -> Any:  # noqa: ANN401 - JSON
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_last_one_is_first(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers()
    assert await read(client, headers, "/conversations") == {
        "items": [],
        "total": 0,
        "limit": 50,
        "offset": 0,
    }
    first = await say(client, headers, "How\n to   save?")
    second = await say(client, headers, "x" * 100)
    third = await say(client, headers, "Third")
    await say(client, headers, "And then?", first)
    await say(client, auth_headers(), "Somebody else's")
    page = await read(client, headers, "/conversations")
    assert [item["id"] for item in page["items"]] == [first, third, second]
    assert [item["title"] for item in page["items"]] == ["How to save?", "Third", "x" * 80]
    assert page["items"][0]["updated_at"] > page["items"][0]["created_at"]
    assert page["total"] == 3
    part = await read(client, headers, "/conversations?limit=1&offset=1")
    assert ([item["id"] for item in part["items"]], part["total"]) == ([third], 3)


async def test_reads_one_with_its_messages(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders
) -> None:
    headers = auth_headers()
    conversation_id = await say(client, headers, "How to save?")
    await say(client, headers, "And then?", conversation_id)
    found = await read(client, headers, f"/conversations/{conversation_id}")
    assert (found["id"], found["title"], found["total"]) == (conversation_id, "How to save?", 4)
    assert [(item["role"], item["content"], item["model"]) for item in found["items"]] == [
        ("user", "How to save?", None),
        ("assistant", ANSWER, "gpt-5.5"),
        ("user", "And then?", None),
        ("assistant", ANSWER, "gpt-5.5"),
    ]
    part = await read(client, headers, f"/conversations/{conversation_id}?limit=1&offset=2")
    assert [item["content"] for item in part["items"]] == ["And then?"]
    assert part["total"] == 4


async def test_deletes_one_with_its_messages(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, resources: Resources
) -> None:
    headers = auth_headers()
    kept = await say(client, headers, "Keep me")
    conversation_id = await say(client, headers, "Delete me")
    answer = await client.delete(f"/conversations/{conversation_id}", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    again = await client.delete(f"/conversations/{conversation_id}", headers=headers)
    assert again.status_code == 404
    assert [item["id"] for item in (await read(client, headers, "/conversations"))["items"]] == [kept]
    async with resources.require_database().session() as session:
        left = select(func.count()).where(Message.conversation_id == conversation_id)
        assert await session.scalar(left) == 0
    body = {"message": "Hi", "conversation_id": conversation_id}
    assert (await client.post("/chat", json=body, headers=headers)).status_code == 404


async def test_deleting_while_the_model_answers(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = auth_headers()
    conversation_id = await say(client, headers, "Hi")
    run = Completions.run

    async def delete_meanwhile(self: Completions, *what: Any) -> Any:  # noqa: ANN401 - passed on as it is
        answer = await run(self, *what)
        await client.delete(f"/conversations/{conversation_id}", headers=headers)
        return answer

    monkeypatch.setattr(Completions, "run", delete_meanwhile)
    body = {"message": "Hi", "conversation_id": conversation_id}
    assert (await client.post("/chat", json=body, headers=headers)).status_code == 404


OTHERS = pytest.mark.parametrize("role", list(Role))


async def refused(answer: httpx.Response) -> None:
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Hi" not in answer.text


@OTHERS
async def test_another_users_conversation_cannot_be_read(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, role: Role
) -> None:
    conversation_id = await say(client, auth_headers(), "Hi")
    headers = auth_headers(role=role)
    await refused(await client.get(f"/conversations/{conversation_id}", headers=headers))
    assert (await read(client, headers, "/conversations"))["items"] == []


@OTHERS
async def test_another_users_conversation_cannot_be_deleted(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, role: Role
) -> None:
    owner = auth_headers()
    conversation_id = await say(client, owner, "Hi")
    headers = auth_headers(role=role)
    await refused(await client.delete(f"/conversations/{conversation_id}", headers=headers))
    assert (await read(client, owner, f"/conversations/{conversation_id}"))["total"] == 2


@OTHERS
@pytest.mark.parametrize("stream", [False, True])
async def test_another_users_conversation_cannot_be_gone_on_with(
    client: httpx.AsyncClient, stand_in: StandIn, auth_headers: AuthHeaders, role: Role, stream: bool
) -> None:
    owner = auth_headers()
    conversation_id = await say(client, owner, "Hi")
    body = {"message": "What was said?", "conversation_id": conversation_id, "stream": stream}
    await refused(await client.post("/chat", json=body, headers=auth_headers(role=role)))
    assert len(stand_in.requests) == 1
    assert (await read(client, owner, f"/conversations/{conversation_id}"))["total"] == 2


async def test_no_such_conversation(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for method in ("GET", "DELETE"):
        answer = await client.request(method, f"/conversations/{uuid4()}", headers=auth_headers())
        assert answer.status_code == 404
        assert (await client.request(method, "/conversations/7", headers=auth_headers())).status_code == 422
