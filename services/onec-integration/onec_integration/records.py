"""Rows of 1C in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Text, Update, func, literal, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from onec_integration import errors, json_text
from onec_integration.metadata import EntitySet
from onec_integration.models import OneCRecord
from onec_integration.odata import Row

_VERSION_LENGTH = 64


def record_key(entity_set: EntitySet, row: Row) -> str:
    """The reference of an object; for a row with another key, as registers have, a digest of it."""
    try:
        values = [row[name] for name in entity_set.key]
    except KeyError as error:
        raise errors.unexpected(f"A row of {entity_set.name} has no {error.args[0]}.") from error
    if entity_set.has_references:
        return _reference(entity_set, values[0])
    return sha256(json_text.dumps(values).encode()).hexdigest()


def row_version(row: Row) -> str:
    """1C's version of an object; for a row without one, a digest of the row."""
    version = row.get("DataVersion")
    if version:
        return str(version)[:_VERSION_LENGTH]
    return sha256(json_text.dumps(row, sort_keys=True).encode()).hexdigest()


def _reference(entity_set: EntitySet, value: object) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as error:
        raise errors.unexpected(f"A row of {entity_set.name} has a Ref_Key that is none.") from error


async def store(session: AsyncSession, entity_set: EntitySet, rows: Sequence[Row]) -> None:
    """Insert or replace rows; storing the same rows again changes only `synced_at`."""
    if not rows:
        return
    values = {
        key: {
            "entity_set": entity_set.name,
            "ref_key": key,
            "data_version": row_version(row),
            "data": sql_cast(literal(json_text.dumps(row), Text), JSONB),
        }
        for key, row in ((record_key(entity_set, row), row) for row in rows)
    }
    statement = insert(OneCRecord).values(list(values.values()))
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[OneCRecord.entity_set, OneCRecord.ref_key],
            set_={
                "data_version": statement.excluded.data_version,
                "data": statement.excluded.data,
                "synced_at": func.now(),
                "missing_since": None,
            },
        )
    )


async def versions(session: AsyncSession, entity_set: EntitySet, keys: Collection[str]) -> dict[str, str]:
    """The versions of the rows with these keys that are stored and not missing."""
    statement = select(OneCRecord.ref_key, OneCRecord.data_version).where(
        OneCRecord.entity_set == entity_set.name,
        OneCRecord.ref_key.in_(keys),
        OneCRecord.missing_since.is_(None),
        OneCRecord.data_version.is_not(None),
    )
    return {key: version for key, version in await session.execute(statement) if version is not None}


async def seen_since(
    session: AsyncSession, entity_set: EntitySet, keys: Collection[str], moment: datetime
) -> set[str]:
    """Those of the keys whose rows a reading has met since a moment."""
    statement = select(OneCRecord.ref_key).where(
        OneCRecord.entity_set == entity_set.name,
        OneCRecord.ref_key.in_(keys),
        OneCRecord.missing_since.is_(None),
        OneCRecord.synced_at >= moment,
    )
    return set(await session.scalars(statement))


async def any_before(session: AsyncSession, entity_set: EntitySet, moment: datetime) -> bool:
    """Whether rows of an earlier synchronization exist."""
    of_earlier = (OneCRecord.entity_set == entity_set.name, OneCRecord.synced_at < moment)
    return await session.scalar(select(OneCRecord.ref_key).where(*of_earlier).limit(1)) is not None


async def touch(session: AsyncSession, entity_set: EntitySet, keys: Collection[str]) -> None:
    """Record that these stored rows are current."""
    if keys:
        await session.execute(_rows(entity_set, OneCRecord.ref_key.in_(keys)).values(synced_at=func.now()))


async def mark_missing(session: AsyncSession, entity_set: EntitySet, keys: Collection[str]) -> None:
    if keys:
        await session.execute(
            _rows(entity_set, OneCRecord.ref_key.in_(keys)).values(missing_since=func.now())
        )


@dataclass(frozen=True)
class Unseen:
    """The stored rows that a complete reading did not meet."""

    entity_set: EntitySet
    before: datetime
    documents_since: datetime | None

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions = [OneCRecord.synced_at < self.before, OneCRecord.missing_since.is_(None)]
        if self.documents_since is not None:
            moment = self.documents_since.isoformat(timespec="seconds")
            conditions.append(OneCRecord.data["Date"].astext >= moment)
        return conditions

    async def keys(self, session: AsyncSession, after: str, limit: int) -> list[str]:
        statement = (
            select(OneCRecord.ref_key)
            .where(
                OneCRecord.entity_set == self.entity_set.name,
                OneCRecord.ref_key > after,
                *self._conditions(),
            )
            .order_by(OneCRecord.ref_key)
            .limit(limit)
        )
        return list(await session.scalars(statement))

    async def mark_all_missing(self, session: AsyncSession) -> int:
        """Mark all unseen rows without asking 1C about each; returns their number."""
        statement = _rows(self.entity_set, *self._conditions()).values(missing_since=func.now())
        result = await session.execute(statement)
        return cast(CursorResult[Any], result).rowcount


def _rows(entity_set: EntitySet, *conditions: ColumnElement[bool]) -> Update:
    return (
        update(OneCRecord)
        .where(OneCRecord.entity_set == entity_set.name, *conditions)
        .execution_options(synchronize_session=False)
    )
