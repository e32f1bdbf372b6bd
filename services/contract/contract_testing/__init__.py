"""Runs schemathesis over the OpenAPI descriptions of the services, each a real process with real stores."""
