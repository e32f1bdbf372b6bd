"""The state of the event stream in Redis and the progress of its readers, for the relay of the outbox."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from assistants_common.events import FIELD, STREAM

type EntryId = tuple[int, int]

HISTORY = 5_000
"""So many acknowledged entries stay, so that every relay has time to see that its own are."""
_PAGE = 1000

# One atomic step: no failover to a server with older groups can happen between the check and the trimming.
# The script trims only entries that all groups have acknowledged, in whole nodes, never the newest HISTORY
# entries.
_OBSERVE = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if redis.call('EXISTS', KEYS[1]) == 0 then return {run, '0-0', 0, 0, {}, 0} end
local stream = {}
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do stream[info[i]] = info[i + 1] end
local groups, missing = {}, {}
for i = 2, #ARGV do missing[ARGV[i]] = true end
local function parts(id)
    local ms, sequence = string.match(id, '(%d+)-(%d+)')
    return tonumber(ms), tonumber(sequence)
end
local function before(one, other)
    local ms, sequence = parts(one)
    local other_ms, other_sequence = parts(other)
    return ms < other_ms or (ms == other_ms and sequence < other_sequence)
end
local done
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
    local group = {}
    for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
    missing[group['name']] = nil
    local open = redis.call('XPENDING', KEYS[1], group['name'])[2] or ''
    groups[#groups + 1] = {group['name'], group['last-delivered-id'], open}
    local reached = open == '' and group['last-delivered-id'] or open
    if not done or before(reached, done) then done = reached end
end
local length, excess = stream['length'], stream['length'] - tonumber(ARGV[1])
local first = stream['first-entry'] and stream['first-entry'][1] or '0-0'
if length == 0 then
    local ms, sequence = string.match(stream['last-generated-id'], '(%d+)-(%d+)')
    first = ms .. '-' .. string.format('%d', tonumber(sequence) + 1)
end
local trimmed = 0
if done and next(missing) == nil and excess > 0 then
    trimmed = redis.call('XTRIM', KEYS[1], 'MINID', '~', done, 'LIMIT', excess)
end
return {run, first, length, stream['entries-added'], groups, trimmed}
"""


def entry_id(text: str) -> EntryId:
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence)


@dataclass(frozen=True)
class StreamState:
    server: str
    """The run of the Redis server: another one after a restart or a failover."""
    first: EntryId
    """The oldest entry before this look trimmed any; in an empty stream, where the next may be."""
    length: int
    added: int
    """Number of entries added since the stream was created; it decreases when the stream was recreated."""
    groups: frozenset[str]
    acknowledged: EntryId | None
    """Every group has acknowledged what is in the stream up to here; None without any group."""

    def is_successor_of(self, other: "StreamState") -> bool:
        """Whether this is a later state of the same stream on the same server."""
        return self.server == other.server and other.added <= self.added


async def observe(redis: Redis, expected: Collection[str]) -> StreamState:
    """Inspect the stream and trim entries that all groups have acknowledged.

    The server lost a missing group with its data: until its service creates the group again, no entry counts
    as acknowledged.
    """
    answer: Any = await redis.eval(_OBSERVE, 1, STREAM, HISTORY, *expected)
    server, first, length, added, groups, trimmed = answer
    names = frozenset(name for name, _, _ in groups)
    reached = [_acknowledged(last, pending) for _, last, pending in groups]
    return StreamState(
        server=server,
        first=entry_id(first),
        length=length - trimmed,
        added=added,
        groups=names,
        acknowledged=min(reached) if reached and names.issuperset(expected) else None,
    )


def _acknowledged(last_delivered: str, first_pending: str) -> EntryId:
    """The last entry up to which a group has acknowledged everything it was given."""
    if not first_pending:
        return entry_id(last_delivered)
    milliseconds, sequence = entry_id(first_pending)
    return milliseconds, sequence - 1


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
    """The event's id; empty for an entry that is no event, because any client may write to the stream."""
    try:
        document = json.loads(fields.get(FIELD, ""))
    except ValueError:
        return ""
    return str(document.get("id", "")) if isinstance(document, dict) else ""
