"""Liveness and readiness."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from assistants_common.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]
Status = Literal["ok", "unavailable"]
_CHECK_SECONDS = 3

router = APIRouter(tags=["operations"])


class CheckResult(BaseModel):
    status: Status
    latency_ms: float | None = None


class HealthReport(BaseModel):
    status: Status
    service: str
    version: str
    checks: dict[str, CheckResult]


class HealthMonitor:
    """Asks the dependencies of a service; a draining service is not ready whatever they say."""

    def __init__(self, service: str, version: str, lifecycle: Lifecycle, checks: Mapping[str, Check]) -> None:
        self._service = service
        self._version = version
        self._lifecycle = lifecycle
        self.checks = dict(checks)

    async def report(self) -> HealthReport:
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
        return CheckResult(status="unavailable")
    return CheckResult(status="ok", latency_ms=round((perf_counter() - started) * 1000, 2))


@router.get("/live", summary="Whether the process runs")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/health",
    summary="Whether the service can do its work",
    responses={503: {"model": HealthReport, "description": "Not ready"}},
)
async def health(request: Request, response: Response) -> HealthReport:
    monitor: HealthMonitor = request.app.state.resources.health
    report = await monitor.report()
    if report.status != "ok":
        response.status_code = 503
    return report
