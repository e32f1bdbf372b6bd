"""Alembic revisions of analytics."""
