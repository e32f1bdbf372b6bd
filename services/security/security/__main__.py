"""`python -m security [serve | migrate | migrations | verify [FILE] | seal REASON]`."""

import sys

from assistants_common.service import Service, run
from security import commands, migrations
from security.app import NAME, build_app
from security.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=build_app,
    migrations=migrations.__name__,
    commands={"verify": commands.verify_database, "seal": commands.seal},
)


def main() -> int:
    # A file is verified where the service does not run, and so without its settings.
    if sys.argv[1:2] == ["verify"] and len(sys.argv) > 2:  # noqa: PLR2004 - the program, the command, the file
        return commands.verify_file(sys.argv[2:])
    return run(SERVICE)


if __name__ == "__main__":
    sys.exit(main())
