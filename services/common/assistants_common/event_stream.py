"""What the event stream in Redis holds: for the relay, which has to know whether Redis lost something."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from assistants_common.events import FIELD, STREAM

type EntryId = tuple[int, int]

_PAGE = 1000


def entry_id(text: str) -> EntryId:
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence)


@dataclass(frozen=True)
class StreamState:
    server: str
    """The run of the Redis server: another one after a restart or a failover."""
    first: EntryId
    length: int
    added: int
    """How many entries it has had since it was made: fewer than before when it was made anew."""

    @property
    def trimmed(self) -> bool:
        """Whether older entries than the first have been there, and were dropped because of the length."""
        return self.added > self.length


async def read_state(redis: Redis) -> StreamState:
    pipeline = redis.pipeline(transaction=False)
    pipeline.info("server")
    pipeline.xinfo_stream(STREAM)
    server, stream = await pipeline.execute(raise_on_error=False)
    if isinstance(stream, ResponseError) and "no such key" in str(stream):
        stream = {"first-entry": None, "length": 0, "entries-added": 0}
    for answer in (server, stream):
        if isinstance(answer, Exception):
            raise answer
    return StreamState(
        server=server["run_id"],
        first=entry_id(stream["first-entry"][0]) if stream["first-entry"] else (0, 0),
        length=stream["length"],
        added=stream["entries-added"],
    )


async def published_ids(redis: Redis) -> dict[str, str]:
    """The ids of the events in the stream, each with the id of its (first) entry."""
    found: dict[str, str] = {}
    start = "-"
    while True:
        page: Any = await redis.xrange(STREAM, min=start, count=_PAGE)
        for entry, fields in page:
            found.setdefault(_event_id(fields), entry)
        if len(page) < _PAGE:
            return found
        start = f"({page[-1][0]}"


def _event_id(fields: Mapping[str, str]) -> str:
    """Anyone may write to the stream: what is not an event has no id."""
    try:
        document = json.loads(fields.get(FIELD, ""))
    except ValueError:
        return ""
    return str(document.get("id", "")) if isinstance(document, dict) else ""
