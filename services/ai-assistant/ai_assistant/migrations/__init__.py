"""Alembic revisions of ai-assistant."""
