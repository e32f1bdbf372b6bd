"""Companies and metadata, straight from 1C."""

from uuid import UUID

from fastapi import APIRouter

from assistants_common.auth import AnalystUser, CurrentUser
from assistants_common.pagination import Page, PageParamsDep
from onec_integration.dependencies import CatalogDep
from onec_integration.schemas import Company, EntitySetView

router = APIRouter(tags=["1C"])


@router.get("/companies", summary="The companies of the base by name, at most a minute old")
async def list_companies(_caller: CurrentUser, params: PageParamsDep, catalog: CatalogDep) -> Page[Company]:
    return await catalog.companies(params)


@router.get("/companies/{company_id}", summary="One company, at most a minute old")
async def get_company(company_id: UUID, _caller: CurrentUser, catalog: CatalogDep) -> Company:
    return await catalog.company(company_id)


@router.get("/metadata", summary="The entity sets the base publishes and their keys, at most ten minutes old")
async def list_entity_sets(
    _caller: AnalystUser, params: PageParamsDep, catalog: CatalogDep
) -> Page[EntitySetView]:
    found = list((await catalog.schema()).entity_sets.values())
    wanted = found[params.offset : params.offset + params.limit]
    items = [EntitySetView.of(entity_set) for entity_set in wanted]
    return Page(items=items, total=len(found), limit=params.limit, offset=params.offset)
