"""Compares the models with the schema that the migrations create."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from assistants_common.database import Database
from assistants_common.schema_history import HISTORY


async def schema_differences(database: Database, metadata: MetaData) -> list[Any]:
    """What an automatic migration would change; empty when models and migrations agree."""

    def compare(connection: Connection) -> list[Any]:
        def own(name: str | None, kind: str, _: object) -> bool:
            return kind != "table" or name != HISTORY.name

        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "compare_server_default": True, "include_name": own},
        )
        return list(compare_metadata(context, metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)
