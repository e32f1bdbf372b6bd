"""`python -m security [serve | migrate]`."""

import sys

from assistants_common.service import Service, run
from security import migrations
from security.app import NAME, build_app
from security.settings import Settings

SERVICE = Service(name=NAME, settings=Settings, create_app=build_app, migrations=migrations.__name__)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
