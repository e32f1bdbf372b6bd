"""`python -m analytics [serve | migrate | migrations]`."""

import sys

from analytics import migrations
from analytics.app import NAME, build_app
from analytics.settings import Settings
from assistants_common.service import Service, run

SERVICE = Service(name=NAME, settings=Settings, create_app=build_app, migrations=migrations.__name__)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
