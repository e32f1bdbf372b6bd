"""A package with a name of its own: as `security.tests` the tests would hide the package `security`."""
