"""Prometheus metrics. A service defines its own at module level in the default registry."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.responses import Response

HTTP_REQUESTS = Counter("http_requests_total", "HTTP requests served.", ["method", "route", "status"])
HTTP_DURATION = Histogram(
    "http_request_duration_seconds",
    "Seconds from the first byte of a request to the last byte of its response.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
UNMATCHED_ROUTE = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

router = APIRouter(tags=["operations"])


class MetricsResponse(Response):
    media_type = CONTENT_TYPE_LATEST


@router.get(
    "/metrics",
    response_class=MetricsResponse,
    summary="Metrics in the text format of Prometheus",
    response_description="The metrics",
)
async def metrics() -> MetricsResponse:
    return MetricsResponse(generate_latest())


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a served request; unknown methods share one label value, so a caller cannot make new series."""
    label = method if method in _METHODS else "OTHER"
    HTTP_REQUESTS.labels(label, route, str(status)).inc()
    HTTP_DURATION.labels(label, route).observe(seconds)
