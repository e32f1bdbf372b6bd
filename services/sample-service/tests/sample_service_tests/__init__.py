"""Tests as a package of its own: in a folder named like the package pytest would take that for it."""
