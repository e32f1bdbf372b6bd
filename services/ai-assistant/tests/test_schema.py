from ai_assistant.models import Base
from assistants_common.resources import Resources
from assistants_testing.schema import schema_differences


async def test_models_and_migrations_agree(resources: Resources) -> None:
    assert await schema_differences(resources.require_database(), Base.metadata) == []
