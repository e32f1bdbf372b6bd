"""Bodies of requests and responses."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from analytics.period import DEFAULT_DAYS, FIRST_DAY, LAST_DAY, MAX_DAYS, Period
from analytics.reports import ReportKind

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Cells = dict[str, str | int | float | None]


class ReportRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "cost", "from": "2025-01-01", "to": "2025-01-31", "format": "json"}]
        },
    )

    kind: ReportKind
    first_day: Day | None = Field(
        default=None, alias="from", description=f"First day, in UTC. Default: {DEFAULT_DAYS} days in all."
    )
    last_day: Day | None = Field(
        default=None,
        alias="to",
        description=f"Last day, in UTC. Default: today. The longest period is {MAX_DAYS} days.",
    )
    format: Literal["json", "csv"] = "json"

    _period: Period = PrivateAttr()

    @model_validator(mode="after")
    def _settle_period(self) -> Self:
        self._period = Period.between(self.first_day, self.last_day)
        return self

    @property
    def period(self) -> Period:
        return self._period


class ReportView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6b0f6c5e-5c1c-4e0e-9a53-0d6a5b7b2f11",
                    "kind": "cost",
                    "from": "2025-01-01",
                    "to": "2025-01-31",
                    "created_by": "0d9cb7a3-7d9f-4d0e-8a0f-6a3b1f0f5e22",
                    "created_at": "2025-02-01T08:00:00Z",
                    "columns": [
                        "provider",
                        "model",
                        "ai_requests",
                        "prompt_tokens",
                        "completion_tokens",
                        "cost",
                    ],
                    "rows": [
                        {
                            "provider": "openai",
                            "model": "gpt-4",
                            "ai_requests": 2,
                            "prompt_tokens": 1000,
                            "completion_tokens": 500,
                            "cost": 0.06,
                        }
                    ],
                    "totals": {
                        "ai_requests": 2,
                        "prompt_tokens": 1000,
                        "completion_tokens": 500,
                        "cost": 0.06,
                        "currency": "USD",
                        "ai_requests_without_price": 0,
                    },
                }
            ]
        },
    )

    id: UUID
    kind: ReportKind
    first_day: date = Field(serialization_alias="from")
    last_day: date = Field(serialization_alias="to")
    created_by: UUID
    created_at: datetime
    columns: list[str]
    rows: list[Cells]
    totals: Cells


class Point(BaseModel):
    date: date
    value: int


class SeriesView(BaseModel):
    name: str
    label: str
    points: list[Point]


class DashboardView(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "usage",
                    "title": "Use of AI",
                    "from": "2025-01-01",
                    "to": "2025-01-02",
                    "series": [
                        {
                            "name": "ai_requests",
                            "label": "AI requests",
                            "points": [
                                {"date": "2025-01-01", "value": 3},
                                {"date": "2025-01-02", "value": 0},
                            ],
                        }
                    ],
                    "totals": {"ai_requests": 3},
                }
            ]
        },
    )

    id: str
    title: str
    first_day: date = Field(serialization_alias="from")
    last_day: date = Field(serialization_alias="to")
    series: list[SeriesView]
    totals: dict[str, int]
