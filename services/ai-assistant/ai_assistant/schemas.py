"""Bodies of requests and responses."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonValue

from ai_assistant.models import MODEL_LENGTH
from ai_assistant.providers.base import FinishReason
from assistants_common.pagination import Page

_NO_NUL = r"^[^\x00]*$"
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=MODEL_LENGTH, pattern=r"^[\w.:/@-]+$")]
LongText = Annotated[
    str, StringConstraints(min_length=1, max_length=32_000, strip_whitespace=True, pattern=_NO_NUL)
]


def _example(**values: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


_CONVERSATION = "5d3f0c0e-6c0e-4f0f-9a53-0f6f3f5d8a11"
_USAGE: JsonValue = {"input_tokens": 412, "output_tokens": 96, "estimated": False}


class ChatRequest(BaseModel):
    model_config = _example(message="How do I post a document from code?", stream=False)

    message: LongText
    conversation_id: UUID | None = Field(default=None, description="Left out, a new conversation begins.")
    model: ModelName | None = Field(default=None, description="Left out, the default of GET /models.")
    stream: bool = Field(default=False, description="Answer with Server-Sent Events instead of JSON.")


class UsageView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    input_tokens: int
    output_tokens: int
    estimated: bool = Field(description="Whether the provider gave no counts.")


class ChatSummary(BaseModel):
    """What the `done` event of a stream carries."""

    conversation_id: UUID | None = Field(description="None when the model declined a first message.")
    message_id: UUID | None = Field(description="The stored answer; None when the model declined.")
    model: str
    finish_reason: FinishReason
    usage: UsageView


class ChatAnswer(ChatSummary):
    model_config = _example(
        conversation_id=_CONVERSATION,
        message_id="0b6a3c52-0d6b-4a39-8d5c-1a2b3c4d5e6f",
        model="gpt-4",
        finish_reason="stop",
        usage=_USAGE,
        message="Call Write(DocumentWriteMode.Posting) on the document object.",
    )

    message: str


class TextDelta(BaseModel):
    """What a `delta` event of a stream carries."""

    text: str


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
        model="gpt-4",
        finish_reason="stop",
        usage=_USAGE,
    )

    kind: CodeKind
    code: str
    model: str
    finish_reason: FinishReason = Field(description="With `length` the code is cut off.")
    usage: UsageView


class ModelView(BaseModel):
    id: str
    provider: str


class ModelList(Page[ModelView]):
    model_config = _example(
        items=[{"id": "gpt-4", "provider": "openai"}],
        total=1,
        limit=50,
        offset=0,
        default="gpt-4",
        unavailable_providers=[],
    )

    default: str = Field(description="The model used when a request names none.")
    unavailable_providers: list[str] = Field(description="Providers that could not be asked just now.")
