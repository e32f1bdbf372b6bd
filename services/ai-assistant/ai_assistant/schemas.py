"""Bodies of requests and responses."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from ai_assistant.models import MODEL_LENGTH, MODEL_PATTERN
from ai_assistant.providers.base import FinishReason
from assistants_common.pagination import Page

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=MODEL_LENGTH, pattern=MODEL_PATTERN)]
LongText = Annotated[
    str,
    # Applies to the text before stripping, so that the description is exact for callers.
    StringConstraints(min_length=1, max_length=32_000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$"),
    AfterValidator(lambda text: text.strip(" \t\r\n")),
]


def _example(**values: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


_CONVERSATION = "5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11"
_MESSAGE = "0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f"
_TIME = "2026-03-02T09:30:00Z"
_USAGE: JsonValue = {"input_tokens": 412, "output_tokens": 96, "estimated": False}


class ChatRequest(BaseModel):
    model_config = _example(message="How do I post a document from code?", stream=False)

    message: LongText
    conversation_id: UUID | None = Field(default=None, description="Left out, a new conversation begins.")
    model: ModelName | None = Field(default=None, description="Left out, the default of GET /models.")
    stream: bool = Field(
        default=False, strict=True, description="Answer with Server-Sent Events instead of JSON."
    )


class UsageView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    input_tokens: int
    output_tokens: int
    estimated: bool = Field(description="Whether the provider gave no counts.")


class ChatSummary(BaseModel):
    """What the `done` event of a stream carries."""

    conversation_id: UUID | None = Field(description="None when the model declined a first message.")
    message_id: UUID | None = Field(description="The stored answer; None when the model declined.")
    model: str = Field(description="The model that answered.")
    fallback_for: str | None = Field(
        description="The model asked for, when its provider failed and another answered."
    )
    finish_reason: FinishReason
    usage: UsageView


class ChatAnswer(ChatSummary):
    model_config = _example(
        conversation_id=_CONVERSATION,
        message_id=_MESSAGE,
        model="gpt-5.5",
        fallback_for=None,
        finish_reason="stop",
        usage=_USAGE,
        message="Call Write(DocumentWriteMode.Posting) on the document object.",
    )

    message: str


class TextDelta(BaseModel):
    """What a `delta` event of a stream carries."""

    text: str


class ConversationView(BaseModel):
    model_config = _example(
        id=_CONVERSATION,
        title="How do I post a document from code?",
        created_at=_TIME,
        updated_at=_TIME,
    )

    id: UUID
    title: str = Field(description="How its first message begins.")
    created_at: datetime
    updated_at: datetime


class MessageView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: Literal["user", "assistant"]
    content: str
    model: str | None = Field(description="The model that answered; None for messages of the user.")
    created_at: datetime


class ConversationDetail(Page[MessageView]):
    """A conversation with a part of its messages, the oldest first."""

    model_config = _example(
        id=_CONVERSATION,
        title="How do I post a document from code?",
        created_at=_TIME,
        updated_at=_TIME,
        items=[
            {
                "id": _MESSAGE,
                "role": "user",
                "content": "How do I post a document from code?",
                "model": None,
                "created_at": _TIME,
            }
        ],
        total=2,
        limit=1,
        offset=0,
    )

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime


class CodeKind(StrEnum):
    MODULE = "module"
    QUERY = "query"
    REPORT = "report"


class GenerateRequest(BaseModel):
    model_config = _example(kind="query", description="Stock balances by warehouse at a date")

    kind: CodeKind
    description: LongText
    model: ModelName | None = None


class GeneratedCode(BaseModel):
    model_config = _example(
        kind="query",
        code="SELECT ... FROM AccumulationRegister.Stock.Balance(&Date) AS Stock",
        model="gpt-5.5",
        fallback_for=None,
        finish_reason="stop",
        usage=_USAGE,
        context=["AccumulationRegister_ТоварыНаСкладах"],
    )

    kind: CodeKind
    code: str
    model: str = Field(description="The model that answered.")
    fallback_for: str | None = Field(
        description="The model asked for, when its provider failed and another answered."
    )
    finish_reason: FinishReason = Field(description="With `length` the code is cut off.")
    usage: UsageView
    context: list[str] = Field(
        description="The metadata objects of your configuration the model was shown; none when 1c-integration"
        " is not there, or shows you none that have to do with the description."
    )


class ModelView(BaseModel):
    id: str
    provider: str


class ModelList(Page[ModelView]):
    model_config = _example(
        items=[{"id": "gpt-5.5", "provider": "openai"}],
        total=1,
        limit=50,
        offset=0,
        default="gpt-5.5",
        unavailable_providers=[],
        simulated=False,
    )

    default: str = Field(description="The model used when a request names none.")
    unavailable_providers: list[str] = Field(description="Providers that could not be asked just now.")
    simulated: bool = Field(description="Whether a simulator answers, because no provider is configured.")
