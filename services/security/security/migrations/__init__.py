"""Alembic revisions of security."""
