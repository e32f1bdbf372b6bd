# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""Bodies of requests and responses."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from onec_integration.metadata import EntitySet
from onec_integration.models import Status
from onec_integration.odata import ENTITY_SET_PATTERN

_COMPANY_ID = "4f5a1c2e-8f0b-4d1e-9f5e-0a1b2c3d4e5f"
_JOB_ID = "0b7c1f52-6a0d-4c55-9e0e-3f1b2a4c5d6e"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    return value.date() if isinstance(value, datetime) else value


def _day_alone(value: object) -> object:
    """Accept only dates: a moment needs a time zone, which 1C does not have, and a number is not a date."""
    if value is not None and not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("must be a day such as 2026-01-31")
    return value


def _to_text(value: object) -> object:
    """A value as text: some configurations have numbers where most have texts, such as codes. Blank means
    none.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else value


type OptionalText = Annotated[str | None, BeforeValidator(_to_text)]


class Company(BaseModel):
    """A company of the base. What a configuration does not have is null."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _COMPANY_ID,
                    "code": "000000001",
                    "name": "Ромашка ООО",
                    "full_name": 'Общество с ограниченной ответственностью "Ромашка"',
                    "inn": "7707083893",
                    "kpp": "770701001",
                    "marked_deleted": False,
                }
            ]
        }
    )

    id: UUID
    code: OptionalText
    name: str
    full_name: OptionalText
    inn: OptionalText = Field(description="Taxpayer number.")
    kpp: OptionalText = Field(description="Tax registration reason code.")
    marked_deleted: bool


class FieldView(BaseModel):
    name: str = Field(examples=["Description"])
    type: str = Field(examples=["Edm.String"])


class EntitySetView(BaseModel):
    name: str = Field(examples=["Catalog_Организации"])
    kind: str = Field(examples=["Catalog"])
    title: str = Field(examples=["Организации"])
    fields: list[FieldView]

    @classmethod
    def of(cls, entity_set: EntitySet) -> "EntitySetView":
        fields = [FieldView(name=name, type=type_) for name, type_ in entity_set.fields.items()]
        return cls(name=entity_set.name, kind=entity_set.kind, title=entity_set.title, fields=fields)


class Metadata(BaseModel):
    """A part of what the base publishes."""

    entities: list[EntitySetView]
    total: int = Field(description="How many entity sets match.")


EntitySetName = Annotated[str, Field(pattern=ENTITY_SET_PATTERN)]


class SyncRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "entity_sets": ["Catalog_Организации", "Document_РеализацияТоваровУслуг"],
                    "documents_since": "2026-01-01",
                }
            ]
        },
    )

    entity_sets: list[EntitySetName] = Field(min_length=1, max_length=50)
    documents_since: Annotated[date | None, BeforeValidator(_day_alone)] = Field(
        default=None, description="Copy only documents from this day on, by the clock of the 1C server."
    )
    full: bool = Field(
        default=False,
        strict=True,
        description="Read every row in full, also those whose version is the one that is stored.",
    )

    @field_validator("entity_sets")
    @classmethod
    def _once_each(cls, value: list[str]) -> list[str]:
        return list(dict.fromkeys(value))


class SyncAccepted(BaseModel):
    job_id: UUID = Field(examples=[_JOB_ID])


class EntitySetProgress(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    entity_set: str = Field(examples=["Catalog_Организации"])
    status: Status
    rows_read: int = Field(description="Rows looked at.")
    rows_stored: int = Field(description="Rows among them that were new or changed, and so were stored.")
    rows_missing: int = Field(description="Stored rows that 1C does not show any more.")
    rows_total: int | None = Field(description="What 1C counted at the start; null when it did not.")
    pages: int
    percent: int | None = Field(description="Null when 1C did not count the rows.")
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class SyncJobView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(examples=[_JOB_ID])
    requested_by: UUID
    status: Status
    percent: int | None = Field(description="Over all entity sets; null when it is not known of one.")
    rows_read: int
    rows_stored: int
    pages: int
    error: str | None = Field(description="What went wrong with which entity sets.")
    documents_since: Annotated[date | None, BeforeValidator(_day)]
    full: bool
    request_id: str | None = Field(description="Of the request that ordered it; its logs bear the same.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    entity_sets: list[EntitySetProgress]


class ReportDescription(BaseModel):
    id: str = Field(examples=["companies"])
    title: str = Field(examples=["The companies of the base"])


class ReportList(BaseModel):
    items: list[ReportDescription]


class EntityCount(BaseModel):
    entity_set: str
    records: int
    marked_deleted: int
    missing: int = Field(description="Not among the records: what 1C does not show any more.")
    oldest_synced_at: datetime
    last_synced_at: datetime


class EntitySetRun(BaseModel):
    """How the latest finished copy of an entity set went."""

    entity_set: str
    job_id: UUID
    status: Status
    rows_read: int
    finished_at: datetime
    error: str | None


class CompaniesSummary(BaseModel):
    records: int
    marked_deleted: int
    missing: int = Field(description="Not among the records: what 1C does not show any more.")
    oldest_synced_at: datetime | None
    last_synced_at: datetime | None


class SyncSummary(BaseModel):
    queued: int
    running: int
    completed: int
    failed: int
    cancelled: int
    last_completed_at: datetime | None
    last_failed_at: datetime | None


class EntityCountsSummary(BaseModel):
    entity_sets: int
    records: int
