"""A simulated 1C server with the quirks of a real one, for tests and for development without 1C."""
