"""Lets end-to-end tests change a running simulator: slow it down, or change a row. Off by default."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from onec_simulator.access import refusal, user_of
from onec_simulator.base import Base, Row


class _RowChange(BaseModel):
    """Another value for some properties of one row; without values the row is erased."""

    model_config = ConfigDict(extra="forbid")

    entity_set: str
    number: int = Field(ge=0, description="The place of the row, counted from 0.")
    values: Row | None = None


class _Orders(BaseModel):
    """What is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    max_sessions: int | None = Field(default=None, ge=0)
    latency_ms: float | None = Field(default=None, ge=0, le=300_000)
    failures: list[int] | None = Field(default=None, description="Statuses for the next requests.")
    forget_sessions: bool = False
    rows: list[_RowChange] = []


class Control:
    def __init__(self, base: Base) -> None:
        self._base = base

    async def handle(self, request: HttpRequest) -> Response:
        """Answer GET with the state; POST changes the state first."""
        refused = refusal(self._base, user_of(request))
        if refused is not None:
            return refused
        if request.method == "POST":
            try:
                self._obey(_Orders.model_validate_json(await request.body()))
            except (ValidationError, LookupError) as error:
                return JSONResponse({"error": str(error)}, 422)
        return JSONResponse(self._state())

    def _obey(self, orders: _Orders) -> None:
        base = self._base
        for change in orders.rows:
            self._change(change)
        if orders.max_sessions is not None:
            base.max_sessions = orders.max_sessions
        if orders.latency_ms is not None:
            base.delay_seconds = orders.latency_ms / 1000
        if orders.failures is not None:
            base.failures = list(orders.failures)
        if orders.forget_sessions:
            base.sessions.clear()

    def _change(self, change: _RowChange) -> None:
        entity_set = self._base.entity_sets[change.entity_set]
        if change.values is None:
            entity_set.rows.pop(change.number)
        elif "DataVersion" in entity_set.properties:
            self._base.change(entity_set.rows[change.number], change.values)
        else:
            entity_set.rows[change.number].update(change.values)

    def _state(self) -> Row:
        base = self._base
        return {
            "sessions": len(base.sessions),
            "max_sessions": base.max_sessions,
            "latency_ms": base.delay_seconds * 1000,
            "rows": {name: len(entity_set.rows) for name, entity_set in base.entity_sets.items()},
            "requests": [
                {"method": item.method, "path": item.path, "request_id": item.request_id}
                for item in base.requests[-100:]
            ],
        }
