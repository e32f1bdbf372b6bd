"""The Redis client, with bounded connections and waits."""

from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError

from assistants_common.passwords import Passwords
from assistants_common.settings import ServiceSettings

_CONNECT_SECONDS = 3
_POOL_SECONDS = 0.5
_REPLY_SECONDS = 10
_POOL_SIZE = 20
_RETRIES = 2


class _LoggingIn(Connection):
    """Logs in with the first password that the server accepts."""

    def __init__(self, *, passwords: Passwords, **options: Any) -> None:  # noqa: ANN401 - those of the base class
        super().__init__(**options)
        self._passwords = passwords

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        *others, last = self._passwords.candidates()
        for password in others:
            try:
                await self._log_in(password, check_health=check_health)
            except AuthenticationError:
                # A refused login ends the connection.
                await self._connect()  # type: ignore[no-untyped-call]
                continue
            return
        await self._log_in(last, check_health=check_health)

    async def _log_in(self, password: str | None, *, check_health: bool) -> None:
        self.password = password or ""
        await super().on_connect_check_health(check_health)


class _LoggingInSecurely(_LoggingIn, SSLConnection):
    """The same, encrypted. Each connection reads the authority's file, so a new authority takes effect."""

    async def _connect(self) -> None:
        self.ssl_context.context = None
        # redis-py does not annotate this method.
        await super()._connect()  # type: ignore[no-untyped-call]


def _encryption(settings: ServiceSettings) -> dict[str, Any]:
    if not settings.redis_tls:
        return {"connection_class": _LoggingIn}
    return {
        "connection_class": _LoggingInSecurely,
        "ssl_ca_certs": str(settings.redis_ca_file) if settings.redis_ca_file else None,
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
    }


def build_redis(
    settings: ServiceSettings,
    retries: int = _RETRIES,
    pool_size: int = _POOL_SIZE,
    passwords: Passwords | None = None,
) -> Redis:
    """A client that returns text. Blocking reads must ask for less than 10 seconds.

    The client sends a command without an answer again, up to `retries` times, so Redis may execute it twice.
    New connections use the current `passwords`; by default those of the settings.
    """
    pool = BlockingConnectionPool(
        passwords=passwords or Passwords(settings.redis_password),
        host=settings.redis_host,
        port=settings.redis_port,
        decode_responses=True,
        max_connections=pool_size,
        timeout=_POOL_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_REPLY_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries),
        **_encryption(settings),
    )
    return Redis.from_pool(pool)


def redis_key(service: str, *parts: object) -> str:
    """A key in the service's own name space: `redis_key("security", "alerts", id)`."""
    return ":".join([service, *(str(part) for part in parts)])
