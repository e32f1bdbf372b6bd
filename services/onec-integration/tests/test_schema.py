from alembic import command
from sqlalchemy import Connection, text

from assistants_common.database import Database
from assistants_common.migrations import alembic_config
from assistants_common.resources import Resources
from assistants_testing.schema import schema_differences
from onec_integration.models import Base


async def run(database: Database, direction: str, revision: str) -> None:
    def change(connection: Connection) -> None:
        config = alembic_config("onec_integration.migrations")
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)

    async with database.engine.connect() as connection:
        await connection.run_sync(change)


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []


async def test_a_migration_can_be_taken_back_with_what_is_stored(
    resources: Resources, clean_tables: None
) -> None:
    database = resources.require_database()
    async with database.session() as session:
        await session.execute(
            text(
                "INSERT INTO sync_jobs (id, requested_by, status)"
                " VALUES (gen_random_uuid(), gen_random_uuid(), 'cancelled')"
            )
        )
        await session.commit()
    await run(database, "downgrade", "0001")
    async with database.session() as session:
        assert await session.scalar(text("SELECT status FROM sync_jobs")) == "failed"
    await run(database, "upgrade", "head")
    assert await schema_differences(database, Base.metadata) == []
