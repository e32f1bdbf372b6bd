"""Reports and dashboards made from the events of the platform."""

NAME = "analytics"
