"""`python -m user_management [serve | migrate | migrations | promote EMAIL]`."""

import sys

from assistants_common.service import Service, later, run
from user_management import NAME, migrations
from user_management.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=later("user_management.app:build_app"),
    migrations=migrations.__name__,
    commands={"promote": later("user_management.commands:promote")},
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
