"""Alembic revisions of user-management."""
