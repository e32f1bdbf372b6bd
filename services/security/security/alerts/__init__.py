"""Alerts about threats: their states, and the messages about them."""
