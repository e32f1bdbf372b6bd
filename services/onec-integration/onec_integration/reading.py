"""Retries requests to 1C, and asks for smaller pages when an answer is too large."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from onec_integration import client as onec_client
from onec_integration import errors, odata
from onec_integration.client import OneCClient
from onec_integration.errors import OneCError
from onec_integration.metadata import EntitySet
from onec_integration.odata import EntityPage, Query, Row
from onec_integration.settings import Settings

logger = logging.getLogger(__name__)

ROWS_OF_A_REQUEST = 20
"""As many references as fit an address of 2,048 characters, the limit of IIS."""

_ATTEMPTS = 3
_LESS_MAY_HELP = frozenset({errors.TOO_LONG, errors.TIMEOUT})
_LESS = 4
_MOST_PATIENCE = 4
"""How many times the usual limit of time a single row may take: deep in a set 1C skips rows for long."""

_BINARY = frozenset({"Edm.Binary", "Edm.Stream"})


class Retries:
    """Asks up to three times, with growing pauses."""

    def __init__(self, settings: Settings) -> None:
        self._pause = settings.onec_retry_pause_seconds

    async def ask[T](self, question: Callable[[], Awaitable[T]], *, smaller: bool = False) -> T:
        """The answer. With `smaller`, does not retry failures that a smaller query may avoid."""
        for attempt in range(1, _ATTEMPTS):
            try:
                return await question()
            except OneCError as error:
                if not error.retryable or (smaller and error.code in _LESS_MAY_HELP):
                    raise
                logger.info("1C is asked again", extra={"reason": error.code, "attempt": attempt})
                await asyncio.sleep(self._pause * 2 ** (attempt - 1))
        return await question()


class SetReader:
    """Reads an entity set in the largest pages that 1C and the limits of size and time allow."""

    def __init__(self, settings: Settings, client: OneCClient, entity_set: EntitySet) -> None:
        self._client = client
        self._entity_set = entity_set
        self._retries = Retries(settings)
        self._largest = self._size = settings.onec_page_size
        self._references = ROWS_OF_A_REQUEST
        self._lean = False
        self._patience = 1
        self.reads_whole_pages = True
        """Whether the rows of a page came in one answer so far."""

    async def count(self, where: str | None) -> int | None:
        """The number of rows; None when 1C cannot count them."""
        name = self._entity_set.name
        try:
            return await self._retries.ask(lambda: self._client.count(name, where))
        except OneCError as error:
            if error.retryable:
                raise
            logger.info("1C did not count", extra={"entity_set": name, "reason": error.code})
            return None

    async def page(self, query_of: Callable[[int], Query]) -> tuple[list[Row], Query]:
        """The rows of a page, and its query, whose size the reader chose.

        Raises TOO_LONG for objects when two of them are too long: they can be read by reference, one by one.
        """
        while True:
            query = query_of(self._size)
            try:
                can_change = self._size > 1 or self._patience < _MOST_PATIENCE
                page = await self._read(query, smaller=can_change)
            except OneCError as error:
                if not self._can_ask_for_less(error):
                    raise
            else:
                self._grow(page)
                return page.rows, query

    async def by_reference(self, references: Sequence[str]) -> list[Row]:
        """The existing rows with these references."""
        rows: list[Row] = []
        left = list(references)
        while left:
            some = left[: self._references]
            query = Query(top=len(some), where=odata.one_of(some))
            try:
                page = await self._read(query, smaller=len(some) > 1)
            except OneCError as error:
                if not self._can_ask_for_fewer(error, len(some)):
                    raise
                continue
            rows += page.rows
            left = left[len(some) :]
            if self._is_small(page):
                self._references = min(ROWS_OF_A_REQUEST, self._references * 2)
        return rows

    async def whole(self, query: Query) -> list[Row]:
        """The rows of a page in one answer; none when the answer is too large."""
        try:
            return (await self._read(query, smaller=True)).rows
        except OneCError as error:
            if error.code not in _LESS_MAY_HELP:
                raise
            self.reads_whole_pages = False
            return []

    async def _read(self, query: Query, *, smaller: bool) -> EntityPage:
        if self._lean and not query.select:
            query = replace(query, select=self._lean_fields())
        name, patience = self._entity_set.name, self._patience
        return await self._retries.ask(lambda: self._client.read(name, query, patience), smaller=smaller)

    def _can_ask_for_less(self, error: OneCError) -> bool:
        if error.code not in _LESS_MAY_HELP:
            return False
        if self._size == 1:
            return self._can_wait_longer(error) or (
                not self._entity_set.has_versions and self._leave_out_binaries(error)
            )
        self._size = max(1, self._size // _LESS)
        logger.info(
            "a page is made smaller",
            extra={"entity_set": self._entity_set.name, "rows": self._size, "reason": error.code},
        )
        return True

    def _can_wait_longer(self, error: OneCError) -> bool:
        if error.code != errors.TIMEOUT or self._patience >= _MOST_PATIENCE:
            return False
        self._patience *= 2
        return True

    def _can_ask_for_fewer(self, error: OneCError, count: int) -> bool:
        if error.code not in _LESS_MAY_HELP:
            return False
        if count == 1:
            return self._leave_out_binaries(error)
        self._references = max(1, count // _LESS)
        return True

    def _leave_out_binaries(self, error: OneCError) -> bool:
        """Leave out files in rows when a single row is too long: no code here reads the files."""
        has_binaries = len(self._lean_fields()) < len(self._entity_set.fields)
        if error.code != errors.TOO_LONG or self._lean or not has_binaries:
            return False
        logger.warning("binary fields are left out", extra={"entity_set": self._entity_set.name})
        self._lean = True
        return True

    def _lean_fields(self) -> tuple[str, ...]:
        return tuple(name for name, type_ in self._entity_set.fields.items() if type_ not in _BINARY)

    def _grow(self, page: EntityPage) -> None:
        if self._is_small(page):
            self._size = min(self._largest, self._size * 2)

    def _is_small(self, page: EntityPage) -> bool:
        """Whether a page of twice the size would still be far below the limit."""
        return page.size * _LESS <= onec_client.MAX_ANSWER_BYTES
