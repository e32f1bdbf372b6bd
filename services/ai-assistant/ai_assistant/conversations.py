"""Conversations in the database: what was said, and how much of it goes with a new message."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_assistant.models import Conversation, Message
from ai_assistant.providers.base import ChatMessage, estimate_tokens
from assistants_common.database import Database
from assistants_common.problems import ProblemError

_MOST_MESSAGES = 100
_TURN = 2


@dataclass(frozen=True)
class Turn:
    question: str
    answer: str
    model: str


class Conversations:
    """Sessions are short: no connection is held while a model answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def history(self, user_id: UUID, conversation_id: UUID, tokens: int) -> list[ChatMessage]:
        """The latest turns that fit into `tokens`; 404 when the user has no such conversation."""
        async with self._database.session() as session:
            await _own(session, user_id, conversation_id)
            statement = (
                select(Message)
                .where(Message.conversation_id == conversation_id)
                .order_by(Message.position.desc())
                .limit(_MOST_MESSAGES)
            )
            latest_first = (await session.scalars(statement)).all()
        return _fitting(latest_first, tokens)

    async def start(self, user_id: UUID, turn: Turn) -> tuple[UUID, UUID]:
        """Store the first turn of a new conversation; the ids of the conversation and of the answer."""
        async with self._database.session() as session:
            conversation = Conversation(id=uuid4(), user_id=user_id)
            session.add(conversation)
            await session.flush()
            message_id = _add(session, conversation.id, 0, turn)
            await session.commit()
        return conversation.id, message_id

    async def append(self, user_id: UUID, conversation_id: UUID, turn: Turn) -> UUID:
        """Store a turn; turns of one conversation that end at once are stored one after the other."""
        async with self._database.session() as session:
            conversation = await _own(session, user_id, conversation_id, lock=True)
            last = select(func.max(Message.position)).where(Message.conversation_id == conversation_id)
            position = await session.scalar(last)
            message_id = _add(session, conversation_id, 0 if position is None else position + 1, turn)
            conversation.updated_at = func.now()
            await session.commit()
        return message_id


async def _own(
    session: AsyncSession, user_id: UUID, conversation_id: UUID, *, lock: bool = False
) -> Conversation:
    conversation = await session.get(Conversation, conversation_id, with_for_update=lock or None)
    if conversation is None or conversation.user_id != user_id:
        raise ProblemError(404, "There is no such conversation.")
    return conversation


def _add(session: AsyncSession, conversation_id: UUID, position: int, turn: Turn) -> UUID:
    answer_id = uuid4()
    session.add_all(
        [
            Message(conversation_id=conversation_id, position=position, role="user", content=turn.question),
            Message(
                id=answer_id,
                conversation_id=conversation_id,
                position=position + 1,
                role="assistant",
                content=turn.answer,
                model=turn.model,
            ),
        ]
    )
    return answer_id


def _fitting(latest_first: Sequence[Message], tokens: int) -> list[ChatMessage]:
    """Whole turns only: a history begins with a question."""
    chosen: list[ChatMessage] = []
    for answer, question in batched(latest_first, _TURN):
        tokens -= estimate_tokens(question.content, answer.content)
        if tokens < 0:
            break
        chosen += [_message("assistant", answer), _message("user", question)]
    return chosen[::-1]


def _message(role: Literal["user", "assistant"], message: Message) -> ChatMessage:
    return ChatMessage(role, message.content)
