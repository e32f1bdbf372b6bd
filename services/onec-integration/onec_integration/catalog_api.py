"""Companies and metadata, straight from 1C."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from assistants_common.auth import CurrentUser
from assistants_common.pagination import Page, PageParamsDep
from assistants_common.schemas import SafeText
from onec_integration.dependencies import CatalogDep
from onec_integration.schemas import Company, EntitySetView, Metadata

router = APIRouter(tags=["1C"])

_MAX_WORDS = 20


@router.get("/companies", summary="The companies of the base by name, at most a minute old")
async def list_companies(_caller: CurrentUser, params: PageParamsDep, catalog: CatalogDep) -> Page[Company]:
    return await catalog.companies(params)


@router.get("/companies/{company_id}", summary="One company, at most a minute old")
async def get_company(company_id: UUID, _caller: CurrentUser, catalog: CatalogDep) -> Company:
    return await catalog.company(company_id)


@router.get(
    "/metadata", summary="The entity sets the base publishes and their fields, ten minutes old at most"
)
async def search_metadata(
    _caller: CurrentUser,
    catalog: CatalogDep,
    search: Annotated[
        Annotated[SafeText, Field(max_length=500)],
        Query(
            description="Words that the name of an entity set, or of a field of it, contains one of."
            " The best matches come first; without words, all come by name.",
            examples=["организации контрагенты"],
        ),
    ] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Metadata:
    found = (await catalog.schema()).search(search.split()[:_MAX_WORDS])
    entities = [EntitySetView.of(entity_set) for entity_set in found[offset : offset + limit]]
    return Metadata(entities=entities, total=len(found))
