"""`python -m security [serve | migrate | migrations | verify [FILE] | seal REASON]`."""

import sys

from assistants_common.service import Service, later, run
from security import NAME, migrations
from security.settings import Settings

SERVICE = Service(
    name=NAME,
    settings=Settings,
    create_app=later("security.app:build_app"),
    migrations=migrations.__name__,
    commands={
        "verify": later("security.commands:verify_database"),
        "seal": later("security.commands:seal"),
    },
)


def main() -> int:
    # A file is verified where the service does not run, and so without its settings.
    if sys.argv[1:2] == ["verify"] and len(sys.argv) > 2:  # noqa: PLR2004 - the program, the command, the file
        from security.commands import verify_file  # noqa: PLC0415 - as with `later`

        return verify_file(sys.argv[2:])
    return run(SERVICE)


if __name__ == "__main__":
    sys.exit(main())
