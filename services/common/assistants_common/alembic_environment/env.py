"""Alembic's environment, run by `assistants_common.migrations` with an open connection."""

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo

from assistants_common.schema_history import record


def _record(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: object,  # noqa: ARG001 - Alembic gives it
    run_args: object,  # noqa: ARG001 - as above
) -> None:
    if ctx.connection is not None:
        record(ctx.connection, step)


context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
    on_version_apply=_record,
)
with context.begin_transaction():
    context.run_migrations()
