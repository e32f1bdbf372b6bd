from secrets import token_hex

from alembic import command
from sqlalchemy import Connection

from assistants_common.database import Database, build_engine
from assistants_common.migrations import alembic_config
from assistants_common.resources import Resources
from assistants_common.settings import DatabaseSettings
from assistants_testing.postgres import PostgresServer
from assistants_testing.schema import schema_differences
from security import migrations
from security.models import Base


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []


async def test_migrations_go_back_and_forth(postgres: PostgresServer) -> None:
    address = postgres.create_database("revisions").as_settings()
    settings = DatabaseSettings.model_validate({**address, "jwt_secret_key": token_hex(32)})
    database = Database(build_engine(settings, "test"))

    def change(connection: Connection) -> None:
        config = alembic_config(migrations.__name__)
        config.attributes["connection"] = connection
        for _ in range(2):
            command.upgrade(config, "head")
            command.downgrade(config, "base")
        command.upgrade(config, "head")

    async with database.engine.connect() as connection:
        await connection.run_sync(change)
    assert await schema_differences(database, Base.metadata) == []
    await database.dispose()
