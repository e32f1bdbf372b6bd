"""The Redis client, with bounded connections and waits."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from assistants_common.settings import ServiceSettings

_CONNECT_SECONDS = 3
_POOL_SECONDS = 0.5
_REPLY_SECONDS = 10
_POOL_SIZE = 20
_RETRIES = 2


def build_redis(settings: ServiceSettings, retries: int = _RETRIES, pool_size: int = _POOL_SIZE) -> Redis:
    """A client that returns text. Blocking reads must ask for less than 10 seconds.

    A command whose answer did not come is sent again, up to `retries` times: it may be carried out twice.
    """
    password = settings.redis_password
    pool = BlockingConnectionPool(
        host=settings.redis_host,
        port=settings.redis_port,
        password=password.get_secret_value() if password else None,
        decode_responses=True,
        max_connections=pool_size,
        timeout=_POOL_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_REPLY_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries),
    )
    return Redis.from_pool(pool)


def redis_key(service: str, *parts: object) -> str:
    """A key in the service's own name space: `redis_key("security", "alerts", id)`."""
    return ":".join([service, *(str(part) for part in parts)])
