"""Keeps the history of the schema's revisions in the database itself.

After a rollback the older release reads here which newer revisions were applied, and whether it is compatible
with them.
"""

from alembic.runtime.migration import MigrationInfo
from alembic.script import Script
from sqlalchemy import Boolean, Column, Connection, DateTime, MetaData, String, Table, func, inspect, select

HISTORY = Table(
    "schema_history",
    MetaData(),
    Column("revision", String(32), primary_key=True),
    Column("backward_compatible", Boolean(), nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def record(connection: Connection, step: MigrationInfo) -> None:
    """Record an upgrade or downgrade of a revision in the same transaction."""
    HISTORY.create(connection, checkfirst=True)
    for script in step.up_revisions:
        if not isinstance(script, Script):
            continue
        connection.execute(HISTORY.delete().where(HISTORY.c.revision == script.revision))
        if step.is_upgrade:
            compatible: bool = script.module.backward_compatible
            values = {"revision": script.revision, "backward_compatible": compatible}
            connection.execute(HISTORY.insert().values(values))


def applied_revisions(connection: Connection) -> dict[str, bool]:
    """The revisions applied since this table exists, and whether each is backward compatible."""
    if not inspect(connection).has_table(HISTORY.name):
        return {}
    rows = connection.execute(select(HISTORY.c.revision, HISTORY.c.backward_compatible))
    return {row.revision: row.backward_compatible for row in rows}
