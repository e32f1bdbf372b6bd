"""Bodies of requests and responses."""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    StringConstraints,
    model_validator,
)
from pydantic.config import JsonDict

from analytics.localization import Language, printable
from analytics.period import DEFAULT_DAYS, FIRST_DAY, LAST_DAY, MAX_DAYS, Group, Period
from analytics.reports import ReportKind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _only_a_day(value: object) -> object:
    """Refuse numbers of seconds and times of day, which pydantic accepts for a date."""
    if value is None or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("must be a valid date as YYYY-MM-DD")


Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY), BeforeValidator(_only_a_day)]
Cells = dict[str, str | int | float | None]
Format = Literal["json", "csv", "xlsx", "png"]

_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_LINE),
    AfterValidator(printable),
]


class ReportRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "cost",
                    "from": "2025-01-01",
                    "to": "2025-01-31",
                    "group": "week",
                    "format": "xlsx",
                    "language": "ru",
                    "title": "Стоимость ИИ в январе",
                }
            ]
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
    group: Group = Field(default=Group.DAY, description="What a row is of. Weeks begin on Monday.")
    user_id: UUID | None = Field(
        default=None,
        description="Whose figures. Default: everybody's for analysts and administrators, else your own.",
    )
    per_user: StrictBool = Field(default=False, description="Rows for each user.")
    format: Format = "json"
    language: Language | None = Field(default=None, description="Of titles, labels and notes.")
    title: Title | None = Field(default=None, description="In place of the usual title.")

    _period: Period = PrivateAttr()

    @model_validator(mode="after")
    def _settle_period(self) -> Self:
        self._period = Period.between(self.first_day, self.last_day)
        return self

    @property
    def period(self) -> Period:
        return self._period


_SUMMARY_EXAMPLE: JsonDict = {
    "id": "6b0f6c5e-5c1c-4e0e-9a53-0d6a5b7b2f11",
    "kind": "cost",
    "title": "Cost of AI",
    "from": "2025-01-01",
    "to": "2025-01-31",
    "group": "day",
    "user_id": None,
    "format": "json",
    "language": "en",
    "row_count": 1,
    "created_by": "0d9cb7a3-7d9f-4d0e-8a0f-6a3b1f0f5e22",
    "created_at": "2025-02-01T08:00:00Z",
}


class ReportSummary(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [_SUMMARY_EXAMPLE]})

    id: UUID
    kind: ReportKind
    title: str
    first_day: date = Field(serialization_alias="from")
    last_day: date = Field(serialization_alias="to")
    group: Group
    user_id: UUID | None = Field(description="Whose figures; null: the whole platform's.")
    format: Format = Field(description="The one it was asked for in; it can be had in each.")
    language: Language
    row_count: int
    created_by: UUID
    created_at: datetime


class ReportView(ReportSummary):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_SUMMARY_EXAMPLE,
                    "columns": [
                        "date",
                        "provider",
                        "model",
                        "ai_requests",
                        "prompt_tokens",
                        "completion_tokens",
                        "cost",
                    ],
                    "rows": [
                        {
                            "date": "2025-01-01",
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
                    "unpriced_models": [],
                    "notes": ["Prices: those this installation is configured with (TOKEN_PRICES)."],
                }
            ]
        },
    )

    columns: list[str]
    rows: list[Cells]
    totals: Cells
    unpriced_models: list[str] = Field(description="Models without a known price: their cost is null.")
    notes: list[str]


class Point(BaseModel):
    date: date
    value: int | float


class SeriesView(BaseModel):
    name: str = Field(description="A figure, or after a colon the part of it that a model has.")
    label: str
    panel: str = Field(description="The chart it belongs to.")
    unit: str
    points: list[Point]


class DashboardSummary(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "usage", "title": "Use of AI"}]})

    id: str
    title: str


class DashboardList(BaseModel):
    items: list[DashboardSummary]


class DashboardView(DashboardSummary):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "usage",
                    "title": "Use of AI",
                    "from": "2025-01-01",
                    "to": "2025-01-02",
                    "group": "day",
                    "user_id": None,
                    "series": [
                        {
                            "name": "ai_requests",
                            "label": "AI requests",
                            "panel": "ai_requests",
                            "unit": "requests",
                            "points": [
                                {"date": "2025-01-01", "value": 3},
                                {"date": "2025-01-02", "value": 0},
                            ],
                        }
                    ],
                    "totals": {"ai_requests": 3},
                    "unpriced_models": [],
                    "notes": [],
                }
            ]
        },
    )

    first_day: date = Field(serialization_alias="from")
    last_day: date = Field(serialization_alias="to")
    group: Group
    user_id: UUID | None
    series: list[SeriesView]
    totals: dict[str, int | float]
    unpriced_models: list[str]
    notes: list[str]
