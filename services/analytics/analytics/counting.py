"""Counting events: the one query behind every report and dashboard."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Numeric,
    RowMapping,
    Select,
    Subquery,
    Text,
    case,
    cast,
    distinct,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.localization import printable
from analytics.measures import How, Measure
from analytics.models import EventSeen
from analytics.period import Group, Period

type Cell = str | int | float | None
type Row = dict[str, Cell]

MAX_ROWS = 10_000
_IS_TOTAL = "is_total"
_UNKNOWN = "unknown"
_LONGEST_KEY = 100
_LARGEST_NUMBER = 10**12


class Key(StrEnum):
    """The keys to group events by."""

    DATE = "date"
    PROVIDER = "provider"
    MODEL = "model"
    USER = "user_id"


class TooManyRowsError(Exception):
    """The answer would have more than MAX_ROWS rows."""


@dataclass(frozen=True)
class Scope:
    """The events to count: those of a period, optionally of one user, grouped by steps of the period."""

    period: Period
    group: Group = Group.DAY
    user_id: UUID | None = None


@dataclass(frozen=True)
class Counts:
    """A row for every combination of keys, and the measures of the whole period.

    The totals are not sums of the rows: a user who is active on many days counts once.
    """

    rows: list[Row]
    totals: Row


async def count_events(
    session: AsyncSession, scope: Scope, keys: Sequence[Key], measures: Sequence[Measure]
) -> Counts:
    """Count the events. Rows and totals come from one statement, so they agree.

    A thread processes many rows, here and later, so that the event loop serves other requests meanwhile.
    """
    answer = (await session.execute(_statement(scope, keys, measures))).mappings().all()
    total, *rows = answer
    if len(rows) > MAX_ROWS:
        raise TooManyRowsError
    return Counts(await asyncio.to_thread(_rows, rows, keys, measures), _row(total, (), measures))


def _statement(scope: Scope, keys: Sequence[Key], measures: Sequence[Measure]) -> Select[Any]:
    """The statement; its first row has the totals."""
    facts = _facts(scope, keys, measures)
    columns = [facts.c[key] for key in keys]
    is_total = func.grouping(*columns).label(_IS_TOTAL)
    return (
        select(is_total, *columns, *(_aggregate(facts, measure) for measure in measures))
        .group_by(func.grouping_sets(tuple_(*columns), tuple_()))
        .order_by(is_total.desc(), *columns)
        .limit(MAX_ROWS + 2)
    )


def _facts(scope: Scope, keys: Sequence[Key], measures: Sequence[Measure]) -> Subquery:
    """The events of the scope, with their keys and numbers as columns."""
    types = sorted({type_ for measure in measures for type_ in measure.types})
    members = sorted({measure.member for measure in measures if measure.member})
    statement = select(
        EventSeen.type,
        EventSeen.user_id.label("person"),
        *(_key(key, scope).label(key) for key in keys),
        *(_number(member).label(_number_column(member)) for member in members),
    ).where(
        EventSeen.type.in_(types), EventSeen.time >= scope.period.start, EventSeen.time < scope.period.end
    )
    if scope.user_id is not None:
        statement = statement.where(EventSeen.user_id == scope.user_id)
    return statement.subquery("facts")


def _key(key: Key, scope: Scope) -> ColumnElement[Any]:
    if key is Key.DATE:
        step = func.date_trunc(scope.group.value, func.timezone("UTC", EventSeen.time))
        return func.greatest(cast(step, Date), scope.period.first)
    if key is Key.USER:
        return func.coalesce(cast(EventSeen.user_id, Text), _UNKNOWN)
    text = EventSeen.data[key.value].astext
    return func.coalesce(func.nullif(func.left(text, _LONGEST_KEY), ""), _UNKNOWN)


def _number(member: str) -> ColumnElement[Any]:
    """A whole number of an event's data, or the length of a list; 0 for anything else.

    A sender may be faulty, and one invalid event must not break every report that contains it.
    """
    value = EventSeen.data[member]
    kind = func.jsonb_typeof(value)
    number = func.trunc(func.least(func.greatest(cast(value.astext, Numeric), 0), _LARGEST_NUMBER))
    return case(
        (kind == "number", number), (kind == "array", func.jsonb_array_length(value)), else_=cast(0, Integer)
    )


def _number_column(member: str) -> str:
    return f"number_{member}"


def _aggregate(facts: Subquery, measure: Measure) -> ColumnElement[Any]:
    concerned = facts.c.type.in_(measure.types)
    value: ColumnElement[Any]
    if measure.how is How.USERS:
        value = func.count(distinct(facts.c.person)).filter(concerned)
    elif measure.member:
        total = func.sum(facts.c[_number_column(measure.member)]).filter(concerned)
        value = func.coalesce(total, 0)
    else:
        value = func.count().filter(concerned)
    return value.label(measure.name)


def _rows(rows: Sequence[RowMapping], keys: Sequence[Key], measures: Sequence[Measure]) -> list[Row]:
    return [_row(row, keys, measures) for row in rows]


def _row(row: RowMapping, keys: Sequence[Key], measures: Sequence[Measure]) -> Row:
    cells: Row = {key.value: _cell(row, key) for key in keys}
    cells.update({measure.name: int(row[measure.name]) for measure in measures})
    return cells


def _cell(row: RowMapping, key: Key) -> str:
    value = row[key]
    return value.isoformat() if isinstance(value, date) else printable(str(value))
