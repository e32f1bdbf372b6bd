"""Reports and dashboards from the events of the platform."""

NAME = "analytics"
