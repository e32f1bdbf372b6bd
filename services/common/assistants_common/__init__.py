"""Shared code of the Python services: settings, logging, HTTP conventions, stores, events, lifecycle."""
