"""Whether the process still wants new traffic."""

from dataclasses import dataclass


@dataclass
class Lifecycle:
    """Shared by the server, which starts the drain, and by what must show it (health, keep-alive)."""

    draining: bool = False
