"""Fetches the public keys of other services over HTTP and caches them."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from urllib.parse import urlsplit

from assistants_common.signing_keys import PublicKey, parse_key_set

logger = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
RETRY_SECONDS = 30.0
_FIRST_RETRY_SECONDS = 1.0
_TIMEOUT_SECONDS = 3.0
_MAX_BYTES = 256 * 1024
_OK = 200


class KeysUnavailableError(ConnectionError):
    """The service has no key set yet, so it cannot check tokens. Answered with 503."""


class RemoteKeySet:
    """A JWK set at a fixed address.

    The service reads the set again after ten minutes, and for an unknown key id at most once in 30 seconds,
    so that invented key ids cause no flood of requests. While the set cannot be read, the known keys stay
    valid. The service uses a key id only to compare it with the ids of the set.
    """

    def __init__(self, url: str, algorithm: str, clock: Callable[[], float] = monotonic) -> None:
        self._url = url
        self._algorithm = algorithm
        self._clock = clock
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> PublicKey | None:
        """The key with this id, or None; KeysUnavailableError when no key set could be read at all."""
        known = self._keys.get(key_id)
        # While one request reads the set again, the others use the known key.
        if self._due(key_id) and not (known and self._lock.locked()):
            async with self._lock:
                if self._due(key_id):
                    try:
                        await self._refresh()
                    finally:
                        # Set after the read, so that concurrent callers wait for the answer.
                        self._tried_at = self._clock()
        if not self._keys:
            raise KeysUnavailableError("the key set has not been read")
        return self._keys.get(key_id)

    def _due(self, key_id: str) -> bool:
        now = self._clock()
        pause = RETRY_SECONDS if self._keys else _FIRST_RETRY_SECONDS
        wanted = key_id not in self._keys or now - self._fetched_at >= FRESH_SECONDS
        return wanted and now - self._tried_at >= pause

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(2 * _TIMEOUT_SECONDS):
                document = await asyncio.to_thread(_fetch, self._url)
            keys = parse_key_set(json.loads(document), self._algorithm)
            if not keys:
                raise ValueError(f"the key set has no key for {self._algorithm}")  # noqa: TRY301 - one way to fail
        except (OSError, HTTPException, ValueError) as error:
            logger.warning("key set not read", extra={"error": repr(error), "keys_kept": len(self._keys)})
            return
        self._keys = keys
        self._fetched_at = self._clock()


def _fetch(url: str) -> bytes:
    """The document at `url`: no proxy, no redirect, a bounded size."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        connection.request("GET", target, headers={"Accept": "application/json"})
        response = connection.getresponse()
        if response.status != _OK:
            raise ValueError(f"answered with {response.status}")
        body = response.read(_MAX_BYTES + 1)
    finally:
        connection.close()
    if len(body) > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES} bytes")
    return body
