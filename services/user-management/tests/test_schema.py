from alembic import command
from sqlalchemy import Connection, text

from assistants_common.database import Database, build_engine
from assistants_common.migrations import alembic_config
from assistants_common.resources import Resources
from assistants_testing.postgres import PostgresServer
from assistants_testing.schema import schema_differences
from user_management.models import Base
from user_management.settings import Settings


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []


async def test_the_newest_revision_can_be_taken_back_and_made_again(
    postgres: PostgresServer, service_migrations: str, settings: Settings
) -> None:
    """With an account without a password, which the older revision does not know."""

    def move(connection: Connection, target: str) -> None:
        config = alembic_config(service_migrations)
        config.attributes["connection"] = connection
        (command.upgrade if target == "head" else command.downgrade)(config, target)

    address = postgres.create_database("revisions", postgres.migrated_template(service_migrations))
    moved = settings.model_copy(update={"postgres_db": address.postgres_db})
    database = Database(build_engine(moved, "test"))
    async with database.engine.connect() as connection:
        statement = "INSERT INTO users (id, email, role) VALUES (gen_random_uuid(), 'a@example.com', 'user')"
        await connection.execute(text(statement))
        await connection.commit()
        for target in ("0001", "head"):
            await connection.run_sync(move, target)
        rows = await connection.scalar(text("SELECT count(*) FROM users WHERE email_verified_at IS NULL"))
    assert rows == 1
    assert await schema_differences(database, Base.metadata) == []
    await database.dispose()
    postgres.drop_database(address)
