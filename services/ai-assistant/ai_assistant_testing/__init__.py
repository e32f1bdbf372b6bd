"""Shared code of ai-assistant's tests. Not part of the service."""
