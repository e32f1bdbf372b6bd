"""Fixtures for all Python tests come from the shared plugin."""

pytest_plugins = ["assistants_testing.plugin"]
