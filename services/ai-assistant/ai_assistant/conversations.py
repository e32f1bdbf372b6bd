"""Conversations in the database, and the part of their history that goes with a new message."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ai_assistant.models import Conversation, Message
from ai_assistant.providers.base import ChatMessage, estimate_tokens
from ai_assistant.schemas import ConversationDetail, ConversationView, MessageView
from assistants_common.database import Database
from assistants_common.pagination import Page, PageParams, paginate
from assistants_common.problems import ProblemError

_MOST_MESSAGES = 100
_TITLE_LENGTH = 80
_TURN = 2


@dataclass(frozen=True)
class Turn:
    question: str
    answer: str
    model: str


class Conversations:
    """Sessions are short, so that no request holds a connection while a model answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: UUID, params: PageParams) -> Page[ConversationView]:
        """A user's conversations, the latest first."""
        own = Conversation.user_id == user_id
        order = (Conversation.updated_at.desc(), Conversation.id)
        shown = _with_title().where(own).order_by(*order).limit(params.limit).offset(params.offset)
        async with self._database.session() as session:
            total = await session.scalar(select(func.count()).select_from(Conversation).where(own))
            rows = await session.execute(shown)
        items = [_view(conversation, title) for conversation, title in rows]
        return Page(items=items, total=total or 0, limit=params.limit, offset=params.offset)

    async def read(self, user_id: UUID, conversation_id: UUID, params: PageParams) -> ConversationDetail:
        """A conversation with a part of its messages; 404 when the user has no such conversation."""
        messages = (
            select(Message).where(Message.conversation_id == conversation_id).order_by(Message.position)
        )
        async with self._database.session() as session:
            wanted = _with_title().where(Conversation.id == conversation_id, Conversation.user_id == user_id)
            row = (await session.execute(wanted)).one_or_none()
            if row is None:
                raise _no_such_conversation()
            page = await paginate(session, messages, params, MessageView.model_validate)
        return ConversationDetail(**dict(page), **dict(_view(*row)))

    async def delete(self, user_id: UUID, conversation_id: UUID) -> None:
        """Delete a conversation with its messages; 404 when the user has no such conversation."""
        own = (Conversation.id == conversation_id, Conversation.user_id == user_id)
        async with self._database.session() as session:
            deleted = await session.execute(delete(Conversation).where(*own).returning(Conversation.id))
            if deleted.first() is None:
                raise _no_such_conversation()
            await session.commit()

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
        """Store a turn; concurrent turns of one conversation wait for each other."""
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
        raise _no_such_conversation()
    return conversation


def _no_such_conversation() -> ProblemError:
    return ProblemError(404, "There is no such conversation.")


def _with_title() -> Select[Conversation, str]:
    """Conversations, each with the beginning of its first message."""
    title = func.left(Message.content, _TITLE_LENGTH)
    first = (Message.conversation_id == Conversation.id) & (Message.position == 0)
    return select(Conversation, title).join(Message, first)


def _view(conversation: Conversation, title: str) -> ConversationView:
    return ConversationView(
        id=conversation.id,
        title=" ".join(title.split()),
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
    )


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
    """The latest whole turns that fit, oldest first: a history begins with a question."""
    chosen: list[ChatMessage] = []
    for answer, question in batched(latest_first, _TURN):
        tokens -= estimate_tokens(question.content, answer.content)
        if tokens < 0:
            break
        chosen += [_message("assistant", answer), _message("user", question)]
    return chosen[::-1]


def _message(role: Literal["user", "assistant"], message: Message) -> ChatMessage:
    return ChatMessage(role, message.content)
