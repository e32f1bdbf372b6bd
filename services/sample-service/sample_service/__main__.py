"""`python -m sample_service [serve | migrate | migrations]`."""

import sys

from assistants_common.service import Service, later, run
from sample_service import NAME, migrations
from sample_service.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=later("sample_service.app:build_app"),
    migrations=migrations.__name__,
)

if __name__ == "__main__":
    sys.exit(run(SERVICE))
