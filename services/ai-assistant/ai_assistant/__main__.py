"""`python -m ai_assistant [serve | migrate | migrations]`."""

import sys

from ai_assistant import NAME, migrations
from ai_assistant.settings import Settings
from assistants_common.service import Service, later, run

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=later("ai_assistant.app:build_app"),
    migrations=migrations.__name__,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
