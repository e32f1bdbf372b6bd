"""Fixtures of all Python tests come from the shared plugin; the packages are folders beside this file."""

import sys
from pathlib import Path

sys.path[:0] = [str(folder) for folder in sorted(Path(__file__).parent.iterdir()) if folder.is_dir()]

pytest_plugins = ["assistants_testing.plugin"]
