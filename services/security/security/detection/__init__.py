"""The detection of threats in the events of the platform."""
