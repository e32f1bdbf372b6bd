"""`python -m onec_integration [serve | migrate | migrations]`."""

import sys

from assistants_common.service import Service, run
from onec_integration import migrations
from onec_integration.app import NAME, build_app
from onec_integration.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=build_app,
    migrations=migrations.__name__,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
