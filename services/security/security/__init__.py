"""The audit log, the detection of threats, and alerts."""

NAME = "security"
