"""Alembic revisions of 1c-integration."""
