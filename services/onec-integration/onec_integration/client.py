"""A client of the standard OData interface of 1C:Enterprise."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import perf_counter
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx
from prometheus_client import Counter, Histogram

from assistants_common.context import outbound_headers
from onec_integration import errors, odata, refusals
from onec_integration.addresses import AddressGuard
from onec_integration.errors import NO_SESSION, OneCError
from onec_integration.metadata import MetadataParser, Schema
from onec_integration.odata import EntityPage, Query, Row
from onec_integration.refusals import NO_ENTITY_SET
from onec_integration.sessions import CONTROL_HEADER, COOKIE, OneCSession, SessionPool
from onec_integration.settings import Settings

logger = logging.getLogger(__name__)

REQUESTS = Counter("onec_requests_total", "Requests to 1C.", ["operation", "outcome"])
DURATION = Histogram(
    "onec_request_duration_seconds",
    "Seconds a request to 1C took, waiting for a session included.",
    ["operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Until its rows are stored, an answer takes about four times its length, and four sessions may bring one at
once; the pod has 512 MiB."""
MAX_METADATA_BYTES = 192 * 1024 * 1024
"""More than the largest configurations have; the document is not kept, so it takes no memory."""
_MAX_ERROR_BYTES = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
_METADATA_PATIENCE = 4
"""How many times longer the metadata may take than another answer: 1C writes tens of megabytes."""

_LATE_SECONDS = 120
"""How long the answer to a first request is waited for after it was given up: it brings the session."""
_SESSION_LOST = frozenset({400, 404, 406})
_NO_SESSION = frozenset({406, 503})
_ACCEPT = {"$metadata": "application/xml", "$count": "text/plain"}
_OK, _MULTIPLE_CHOICES, _BAD_REQUEST, _UNAUTHORIZED, _NOT_FOUND, _SERVER_ERROR = 200, 300, 400, 401, 404, 500
_PRECONDITION_FAILED = 412

type Sink = Callable[[bytes], object]


class _SessionLostError(Exception):
    """1C has closed the session."""


@dataclass(frozen=True)
class _Reading:
    """A query, and the place for its result."""

    resource: str
    parameters: dict[str, str]
    sink: Sink
    max_bytes: int
    patience: int = 1
    """How many times the usual limit of time it may take."""


class OneCClient:
    """Reads a base. Every method raises OneCError when 1C fails."""

    def __init__(self, settings: Settings, guard: AddressGuard) -> None:
        parts = urlsplit(settings.onec_server_url)
        self._scheme, self._authority = parts.scheme, parts.netloc
        self._root = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        self._host = parts.hostname or ""
        self._port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        self._guard = guard
        self._timeout = settings.onec_timeout_seconds
        self._pauses = [
            settings.onec_retry_pause_seconds * 2**attempt
            for attempt in range(settings.onec_session_attempts - 1)
        ]
        self._common = {"allowedOnly": "true"} if settings.onec_allowed_only else {}
        self._sessions = SessionPool(settings.onec_max_sessions, settings.onec_timeout_seconds, self._finish)
        self._http = httpx.AsyncClient(
            auth=_credentials(settings),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            timeout=settings.onec_timeout_seconds,
            verify=_trust(settings),
        )

    def use(self, settings: Settings) -> None:
        """Log in with the user and password of these settings from now on."""
        self._http.auth = _credentials(settings)

    @property
    def configured(self) -> bool:
        return bool(self._host)

    def require_configured(self) -> None:
        if not self.configured:
            raise errors.not_configured()

    async def read(self, entity_set: str, query: Query, patience: int = 1) -> EntityPage:
        """A page; `patience` multiplies the usual time limit."""
        with _observed("read"):
            parameters = {**self._common, **query.parameters()}
            return odata.parse_page(await self._get_json(entity_set, parameters, patience)).cut(query)

    async def count(self, entity_set: str, where: str | None = None) -> int:
        """The number of rows. A request of its own, because 1C may ignore paging when it counts."""
        body = bytearray()
        condition = {} if where is None else {"$filter": where}
        with _observed("count"):
            parameters = {**self._common, **condition}
            await self._get(_Reading(f"{entity_set}/$count", parameters, body.extend, _MAX_ERROR_BYTES))
            return odata.parse_count(bytes(body))

    async def read_one(self, entity_set: str, key: UUID) -> Row | None:
        """One entity by its reference; None when 1C does not have it."""
        with _observed("read_one"):
            try:
                body = await self._get_json(f"{entity_set}({odata.guid(key)})", {})
            except OneCError as error:
                if _tells_of_no_entity(error):
                    return None
                raise
            return odata.parse_document(body)

    async def read_schema(self) -> Schema:
        with _observed("metadata"):
            parser = MetadataParser()
            await self._get(_Reading("$metadata", {}, parser.feed, MAX_METADATA_BYTES, _METADATA_PATIENCE))
            return parser.close()

    async def close(self) -> None:
        """Return the licences, then close the connections."""
        await self._sessions.close()
        await self._http.aclose()

    async def _finish(self, token: str) -> None:
        headers = {"Cookie": f"{COOKIE}={token}", CONTROL_HEADER: "finish"}
        await self._http.send(await self._request("", {}, headers))

    async def _get_json(self, resource: str, parameters: dict[str, str], patience: int = 1) -> bytes:
        body = bytearray()
        parameters = {"$format": "json", **parameters}
        await self._get(_Reading(resource, parameters, body.extend, MAX_ANSWER_BYTES, patience))
        return bytes(body)

    async def _get(self, reading: _Reading) -> None:
        """Retry while 1C cannot start a session: a session of the service, or a licence, may become free."""
        self.require_configured()
        for pause in self._pauses:
            try:
                return await self._get_once(reading)
            except OneCError as error:
                if error.code != NO_SESSION:
                    raise
                logger.info("1C has no session", extra={"resource": reading.resource, "pause_seconds": pause})
            await asyncio.sleep(pause)
        return await self._get_once(reading)

    async def _get_once(self, reading: _Reading) -> None:
        async with self._sessions.lease() as session:
            try:
                async with asyncio.timeout(self._timeout * reading.patience):
                    await self._get_in_session(session, reading)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise errors.timed_out() from error
            except httpx.TransportError as error:
                raise errors.unreachable() from error

    async def _get_in_session(self, session: OneCSession, reading: _Reading) -> None:
        try:
            await self._exchange(session, reading)
        except _SessionLostError:
            lost, session.token = session.token, None
            try:
                await self._exchange(session, reading)
            finally:  # a web server's own refusal looks the same, and then the session still is there
                await self._sessions.finish(*([lost] if lost else []))

    async def _exchange(self, session: OneCSession, reading: _Reading) -> None:
        reused = session.token is not None
        request = await self._request(reading.resource, reading.parameters, session.headers())
        seconds = self._timeout * reading.patience
        request.extensions["timeout"] = httpx.Timeout(self._timeout, read=seconds).as_dict()
        response = await self._send(session, request)
        try:
            session.adopt(response.headers.get_list("set-cookie"))
            if response.status_code != _OK:
                raise _failure(response, await _read_error(response), reading.resource, reused=reused)
            await _pour(response, reading)
        finally:
            await response.aclose()

    async def _send(self, session: OneCSession, request: httpx.Request) -> httpx.Response:
        """Send a request. The client never aborts one that starts a session: 1C would keep the licence."""
        if session.token is not None:
            return await self._http.send(request, stream=True)
        request.extensions["timeout"]["read"] = _LATE_SECONDS
        starting = asyncio.create_task(self._http.send(request, stream=True))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            session.late = asyncio.create_task(_adopt_late(session, starting), name="late-1c-session")
            raise

    async def _request(
        self, resource: str, parameters: dict[str, str], headers: dict[str, str]
    ) -> httpx.Request:
        """A request to the checked address, with the configured host name."""
        address = await self._guard.resolve(self._host, self._port)
        target = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004
        path = f"{self._root}/{odata.encode_path(resource)}"
        url = f"{self._scheme}://{target}:{self._port}{path}?{odata.encode_query(parameters)}".rstrip("?")
        accept = _ACCEPT.get(resource.rpartition("/")[2], "application/json")
        return self._http.build_request(
            "GET",
            url,
            headers={**outbound_headers(), "Host": self._authority, "Accept": accept, **headers},
            extensions={"sni_hostname": self._host},
        )


async def _adopt_late(session: OneCSession, starting: asyncio.Task[httpx.Response]) -> None:
    try:
        response = await starting
    except httpx.HTTPError as error:
        logger.warning("1C did not start a session", extra={"error": repr(error)})
        return
    session.adopt(response.headers.get_list("set-cookie"))
    await response.aclose()


def _tells_of_no_entity(error: OneCError) -> bool:
    """Whether 1C reports a missing entity, as opposed to a missing entity set."""
    code = error.reason.code if error.reason else None
    return error.code == errors.NOT_FOUND and code not in {None, NO_ENTITY_SET}


def _credentials(settings: Settings) -> httpx.Auth:
    if not settings.onec_username:
        return httpx.Auth()
    password = settings.onec_password
    return httpx.BasicAuth(settings.onec_username, password.get_secret_value() if password else "")


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    if settings.onec_ca_file is None:
        return True
    return ssl.create_default_context(cafile=settings.onec_ca_file)


@contextmanager
def _observed(operation: str) -> Iterator[None]:
    started = perf_counter()
    outcome = "ok"
    try:
        yield
    except OneCError as error:
        outcome = error.code
        raise
    except BaseException:
        outcome = "aborted"
        raise
    finally:
        REQUESTS.labels(operation, outcome).inc()
        DURATION.labels(operation).observe(perf_counter() - started)


async def _pour(response: httpx.Response, reading: _Reading) -> None:
    received = 0
    async for chunk in response.aiter_bytes():
        received += len(chunk)
        if received > reading.max_bytes:
            raise errors.too_long(reading.max_bytes)
        reading.sink(chunk)


async def _read_error(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body.extend(chunk[: _MAX_ERROR_BYTES - len(body)])
        if len(body) >= _MAX_ERROR_BYTES:
            break
    return bytes(body)


def _failure(response: httpx.Response, body: bytes, resource: str, *, reused: bool) -> Exception:
    status = response.status_code
    refused_by_odata = odata.has_error_document(body)
    reason = refusals.read(body, response.headers.get("content-type", ""))
    logger.info("1C refused", extra={"resource": resource, "status": status, "reason": str(reason or "")})
    if reused and status in _SESSION_LOST and not refused_by_odata:
        return _SessionLostError()
    if status == _UNAUTHORIZED:
        # Row-level security also answers 401, but from OData itself and without a challenge.
        challenged = "www-authenticate" in response.headers
        hidden = refused_by_odata and not challenged
        return (errors.no_rights(resource) if hidden else errors.bad_credentials()).because(reason)
    return _failure_by_status(status, resource).because(reason)


def _failure_by_status(status: int, resource: str) -> OneCError:
    if status == _NOT_FOUND:
        return errors.not_found(resource)
    if status == _PRECONDITION_FAILED:
        return errors.conflict(resource)
    if status in _NO_SESSION:
        return errors.no_session()
    if status >= _SERVER_ERROR:
        return errors.server_fault(status)
    if _MULTIPLE_CHOICES <= status < _BAD_REQUEST:
        return errors.redirected()
    return errors.unexpected(f"1C refused to read {resource} with status {status}.")
