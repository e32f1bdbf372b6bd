"""Alembic revisions of a service that has an outbox and nothing else."""
