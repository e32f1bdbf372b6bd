"""Whether the process still accepts new traffic."""

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """The server starts the drain here; health and keep-alive read it."""

    draining: bool = False
