"""Alerts about threats: their states and their messages."""
