"""Liveness and readiness."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from assistants_common.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]
Status = Literal["ok", "unavailable"]
_CHECK_SECONDS = 3

router = APIRouter(tags=["operations"])


class LiveReport(BaseModel):
    status: Literal["ok"] = "ok"


class CheckResult(BaseModel):
    """What a dependency answered, and how long that took."""

    status: Status
    latency_ms: float | None = Field(default=None, ge=0, examples=[1.25])


class HealthReport(BaseModel):
    status: Status
    service: str = Field(examples=["analytics"])
    version: str = Field(examples=["1.4.0"])
    checks: dict[str, CheckResult] = Field(
        description="Each dependency by its name; `lifecycle` while the service is stopping.",
        examples=[{"database": {"status": "ok", "latency_ms": 1.25}}],
    )


class HealthMonitor:
    """Checks the dependencies of a service; a draining service is never ready.

    Concurrent requests share the result, so that each dependency is checked once.
    """

    def __init__(self, service: str, version: str, lifecycle: Lifecycle, checks: Mapping[str, Check]) -> None:
        self._service = service
        self._version = version
        self._lifecycle = lifecycle
        self.checks = dict(checks)
        self._under_way: asyncio.Task[HealthReport] | None = None

    async def report(self) -> HealthReport:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._ask(), name="health")
        return await asyncio.shield(self._under_way)

    async def _ask(self) -> HealthReport:
        results = await asyncio.gather(*(_run(name, check) for name, check in self.checks.items()))
        checks = dict(zip(self.checks, results, strict=True))
        if self._lifecycle.draining:
            checks["lifecycle"] = CheckResult(status="unavailable")
        healthy = all(result.status == "ok" for result in checks.values())
        return HealthReport(
            status="ok" if healthy else "unavailable",
            service=self._service,
            version=self._version,
            checks=checks,
        )


async def _run(name: str, check: Check) -> CheckResult:
    started = perf_counter()
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except Exception as error:  # noqa: BLE001 - whatever a dependency's client raises means it is not available
        logger.warning("health check failed", extra={"check": name, "error": repr(error)})
        return CheckResult(status="unavailable", latency_ms=_milliseconds_since(started))
    return CheckResult(status="ok", latency_ms=_milliseconds_since(started))


def _milliseconds_since(started: float) -> float:
    return round((perf_counter() - started) * 1000, 2)


@router.get("/live", summary="Whether the process runs")
async def live() -> LiveReport:
    return LiveReport()


@router.get(
    "/health",
    summary="Whether the service can do its work",
    responses={
        503: {
            "model": HealthReport,
            "description": "Not ready: a dependency is away, or the service is stopping",
        }
    },
)
async def health(request: Request, response: Response) -> HealthReport:
    monitor: HealthMonitor = request.app.state.resources.health
    report = await monitor.report()
    if report.status != "ok":
        response.status_code = 503
    return report
