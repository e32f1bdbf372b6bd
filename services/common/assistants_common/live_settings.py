"""Settings whose secrets change while the process runs: Kubernetes replaces the files of a mounted Secret."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

from prometheus_client import Counter, Gauge
from pydantic import ValidationError

from assistants_common.background import in_background
from assistants_common.settings import ServiceSettings, complaints, secrets_directory

logger = logging.getLogger(__name__)

READ_AT = Gauge("secrets_read_timestamp_seconds", "When the secrets in force were read from their files.")
REFUSED = Counter(
    "secrets_refused_total", "Changed secrets that were not valid, so that those before stay in force."
)

POLL_SECONDS = 2.0


class LiveSettings:
    """The settings in force, and the listeners to their changes.

    The values of the files replace the values from the start. A variable of the environment takes precedence
    over a file, as at the start. When one value is invalid, all the old settings stay in force.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._current = settings
        self._directory = secrets_directory()
        self._seen = self._files()
        self._from_files = set(self._seen)
        self._listeners: list[Callable[[ServiceSettings], None]] = []
        READ_AT.set(time())

    @property
    def current(self) -> ServiceSettings:
        return self._current

    def on_change[S: ServiceSettings](self, kind: type[S], listener: Callable[[S], None]) -> None:
        """Call `listener` with the new settings, of the service's own `kind`, after every change."""

        def call(settings: ServiceSettings) -> None:
            if not isinstance(settings, kind):
                raise TypeError(f"the settings are {type(settings).__name__}, not {kind.__name__}")
            listener(settings)

        self._listeners.append(call)

    def look(self) -> None:
        """Take the values of the files when they have changed."""
        found = self._files()
        if found == self._seen:
            return
        self._seen = found
        self._from_files |= set(found)
        kept = self._current.model_dump(exclude=self._from_files)
        try:
            settings = type(self._current).model_validate({**kept, **found})
        except ValidationError as error:
            REFUSED.inc()
            logger.warning("changed secrets are refused", extra={"errors": complaints(error)})
            return
        changed = sorted(
            name for name in self._from_files if getattr(settings, name) != getattr(self._current, name)
        )
        self._current = settings
        for listener in self._listeners:
            listener(settings)
        READ_AT.set(time())
        logger.info("secrets were read again", extra={"changed": [name.upper() for name in changed]})

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look for changes while the context lasts."""
        async with in_background(self._watch(), "secrets"):
            yield

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                self.look()
            except OSError as error:
                logger.warning("secrets cannot be read", extra={"error": repr(error)})

    def _files(self) -> Mapping[str, str]:
        """Values by the names of their settings; a blank file counts as none."""
        if self._directory is None:
            return {}
        names = [name for name in type(self._current).model_fields if not os.environ.get(name.upper())]
        values = {name: _text(self._directory / name.upper()) for name in names}
        return {name: value for name, value in values.items() if value}


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return ""
