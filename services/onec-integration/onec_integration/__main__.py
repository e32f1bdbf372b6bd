"""`python -m onec_integration [serve | migrate | migrations]`."""

import sys

from assistants_common.service import Service, later, run
from onec_integration import NAME, migrations
from onec_integration.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=later("onec_integration.app:build_app"),
    migrations=migrations.__name__,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
