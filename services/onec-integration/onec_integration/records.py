"""Rows of 1C in the database."""

import json
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from onec_integration import errors
from onec_integration.metadata import EntitySet
from onec_integration.models import OneCRecord
from onec_integration.odata import Row


def record_key(entity_set: EntitySet, row: Row) -> str:
    """The reference of an object; for a row with another key, as registers have, a digest of it."""
    try:
        values = [row[name] for name in entity_set.key]
    except KeyError as error:
        raise errors.unexpected(f"A row of {entity_set.name} has no {error.args[0]}.") from error
    if entity_set.key == ("Ref_Key",):
        return str(values[0]).lower()
    return sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


async def store(session: AsyncSession, entity_set: EntitySet, rows: Sequence[Row]) -> None:
    """Insert or replace rows: storing the same ones again changes nothing but `synced_at`."""
    if not rows:
        return
    values = {
        key: {
            "entity_set": entity_set.name,
            "ref_key": key,
            "data_version": row.get("DataVersion"),
            "data": row,
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
            },
        )
    )
