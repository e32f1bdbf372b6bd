"""Gets the part of a 1C configuration that a description of code is about, from 1c-integration.

The service also writes code without it: when 1c-integration is unreachable or slow, or the caller may not
read metadata, the prompt has none and asks the model to state its assumptions.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import httpx
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from ai_assistant.providers.base import estimate_tokens
from ai_assistant.search_words import search_words
from assistants_common.http_client import build_client

logger = logging.getLogger(__name__)

READS = Counter("ai_metadata_reads_total", "Metadata read for the generation of code.", ["outcome"])

_MOST_ENTITIES = 20
_MOST_FIELDS = 60
_MOST_BYTES = 2 * 1024 * 1024
# Names become part of the model's instructions, so the service accepts nothing but names.
_NAME = re.compile(r"\w{1,200}")
_TYPE = re.compile(r"[\w.()]{1,200}")

_PREAMBLE = """\
Metadata objects of the configuration, as its OData interface names them. Use these, and make up no others.
In the language, Catalog_X is Catalog.X (Справочник.X), Document_X is Document.X (Документ.X), and so with the
other kinds; Ref_Key is the reference itself (Ссылка), X_Key is the attribute X with a reference, Description
is Наименование, Code is Код, Number is Номер, Date is Дата, Posted is Проведен, DeletionMark is
ПометкаУдаления."""


class _Field(BaseModel):
    name: str
    type: str


class _Entity(BaseModel):
    name: str
    fields: list[_Field]


class _Answer(BaseModel):
    entities: list[_Entity]


class _Unusable(Exception):  # noqa: N818 - never leaves this module
    """The answer says nothing of use."""


@dataclass(frozen=True)
class Context:
    """The part of the prompt about the configuration; empty without names."""

    names: Sequence[str] = ()
    text: str = ""


class MetadataSource:
    def __init__(self, base_url: str | None, seconds: float, tokens: int) -> None:
        self._client = build_client(base_url, seconds) if base_url and tokens else None
        self._seconds = seconds
        self._tokens = tokens

    async def about(self, description: str, authorization: str) -> Context:
        """The metadata that 1c-integration shows the caller; the request carries the caller's
        `authorization`.
        """
        words = search_words(description)
        if self._client is None or not words:
            return Context()
        try:
            async with asyncio.timeout(self._seconds):
                entities = await _read(self._client, words, authorization)
        except (httpx.HTTPError, ValidationError, TimeoutError, _Unusable) as error:
            logger.warning("no metadata for the model", extra={"error": repr(error)[:200]})
            READS.labels("failed").inc()
            return Context()
        READS.labels("read").inc()
        return _fitting(entities, self._tokens)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


async def _read(client: httpx.AsyncClient, words: Sequence[str], authorization: str) -> list[_Entity]:
    parameters = {"search": " ".join(words), "limit": str(_MOST_ENTITIES)}
    headers = {"Authorization": authorization}
    async with client.stream("GET", "/metadata", params=parameters, headers=headers) as response:
        if response.status_code != httpx.codes.OK:
            raise _Unusable(f"status {response.status_code}")
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise _Unusable(f"more than {_MOST_BYTES} bytes")
    return _Answer.model_validate_json(bytes(body)).entities


def _fitting(entities: Sequence[_Entity], tokens: int) -> Context:
    """The whole entities that fit, in their order: the best matches are first."""
    left = tokens - estimate_tokens(_PREAMBLE)
    names, lines = [], []
    for entity in entities:
        if not _NAME.fullmatch(entity.name):
            continue
        line = f"- {entity.name}: {', '.join(_fields(entity))}"
        left -= (cost := estimate_tokens(line))
        if left < 0:
            left += cost
            continue
        names.append(entity.name)
        lines.append(line)
    return Context(names, "\n".join([_PREAMBLE, *lines])) if names else Context()


def _fields(entity: _Entity) -> Iterator[str]:
    good = [field for field in entity.fields if _NAME.fullmatch(field.name) and _TYPE.fullmatch(field.type)]
    for field in good[:_MOST_FIELDS]:
        yield f"{field.name} {field.type.removeprefix('Edm.')}"
    if len(good) > _MOST_FIELDS:
        yield f"and {len(good) - _MOST_FIELDS} more"
