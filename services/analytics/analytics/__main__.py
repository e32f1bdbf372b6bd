"""`python -m analytics [serve | migrate | migrations]`."""

import sys

from analytics import NAME, migrations
from analytics.settings import Settings
from assistants_common.service import Service, later, run

SERVICE = Service(
    name=NAME, settings=Settings, create_app=later("analytics.app:build_app"), migrations=migrations.__name__
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
