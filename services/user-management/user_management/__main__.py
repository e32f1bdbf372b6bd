"""`python -m user_management [serve | migrate | migrations | promote EMAIL]`."""

import sys

from assistants_common.service import Service, run
from user_management import migrations
from user_management.app import build_app
from user_management.audit import NAME
from user_management.commands import promote
from user_management.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=build_app,
    migrations=migrations.__name__,
    commands={"promote": promote},
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
