"""The resources of a running service, and the dependencies that give them to endpoints."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from assistants_common.cache import build_redis
from assistants_common.database import Database, build_control_engine, build_engine
from assistants_common.events import EventPublisher
from assistants_common.health import Check, HealthMonitor
from assistants_common.lifecycle import Lifecycle
from assistants_common.live_settings import LiveSettings
from assistants_common.passwords import Passwords
from assistants_common.settings import DatabaseSettings, ServiceSettings
from assistants_common.tokens import TokenService


@dataclass(frozen=True)
class Resources:
    """The application creates this once and closes it when it stops. Connections open on first use."""

    service: str
    settings: ServiceSettings
    """Those the process began with."""
    live: LiveSettings
    """Those in force: their secrets change when the files of a mounted Secret do."""
    redis_passwords: Passwords
    lifecycle: Lifecycle
    redis: Redis
    control_redis: Redis
    """For the health check: requests cannot take its connection."""
    events: EventPublisher
    tokens: TokenService
    health: HealthMonitor
    database: Database | None

    @classmethod
    def build(cls, service: str, settings: ServiceSettings) -> "Resources":
        live = LiveSettings(settings)
        redis_passwords = Passwords(settings.redis_password)
        redis = build_redis(settings, passwords=redis_passwords)
        control_redis = build_redis(settings, pool_size=1, passwords=redis_passwords)
        live.on_change(ServiceSettings, lambda now: redis_passwords.use(now.redis_password))
        database = None
        checks: dict[str, Check] = {}
        if isinstance(settings, DatabaseSettings):
            passwords = Passwords(settings.postgres_password)
            live.on_change(DatabaseSettings, lambda now: passwords.use(now.postgres_password))
            database = Database(
                build_engine(settings, service, passwords),
                build_control_engine(settings, service, passwords),
            )
            checks["database"] = database.ping
        checks["redis"] = control_redis.ping
        lifecycle = Lifecycle()
        tokens = TokenService(settings)
        live.on_change(ServiceSettings, tokens.use)
        return cls(
            service=service,
            settings=settings,
            live=live,
            redis_passwords=redis_passwords,
            lifecycle=lifecycle,
            redis=redis,
            control_redis=control_redis,
            events=EventPublisher(redis, service),
            tokens=tokens,
            health=HealthMonitor(service, settings.service_version, lifecycle, checks),
            database=database,
        )

    def require_database(self) -> Database:
        if self.database is None:
            raise RuntimeError(f"{self.service} has no database: its settings are not DatabaseSettings")
        return self.database

    async def close(self) -> None:
        await self.redis.aclose()
        await self.control_redis.aclose()
        if self.database is not None:
            await self.database.dispose()


def get_resources(request: Request) -> Resources:
    return cast(Resources, request.app.state.resources)


ResourcesDep = Annotated[Resources, Depends(get_resources)]


async def _session(resources: ResourcesDep) -> AsyncIterator[AsyncSession]:
    async with resources.require_database().session() as session:
        yield session


def _redis(resources: ResourcesDep) -> Redis:
    return resources.redis


def _events(resources: ResourcesDep) -> EventPublisher:
    return resources.events


SessionDep = Annotated[AsyncSession, Depends(_session, scope="function")]
"""A session for one endpoint call. Commit what shall stay: the rest is rolled back before the response."""

RedisDep = Annotated[Redis, Depends(_redis)]
EventsDep = Annotated[EventPublisher, Depends(_events)]
