"""A base's companies and schema for callers, through the cache."""

from hashlib import sha256
from uuid import UUID

from pydantic import ValidationError
from redis.asyncio import Redis

from assistants_common.pagination import Page, PageParams
from assistants_common.problems import ProblemError
from onec_integration import errors
from onec_integration.cache import AnswerCache
from onec_integration.client import OneCClient
from onec_integration.metadata import EntitySet, Schema
from onec_integration.odata import Query, Row
from onec_integration.schema_cache import SchemaCache
from onec_integration.schemas import Company
from onec_integration.settings import Settings

COMPANIES = "Catalog_Организации"
_COMPANY_PROPERTIES = {
    "id": "Ref_Key",
    "code": "Code",
    "name": "Description",
    "full_name": "НаименованиеПолное",
    "inn": "ИНН",
    "kpp": "КПП",
    "marked_deleted": "DeletionMark",
}
_COMPANIES_SECONDS = 60


def to_company(row: Row) -> Company:
    values = {name: row.get(property_) for name, property_ in _COMPANY_PROPERTIES.items()}
    try:
        return Company.model_validate(values)
    except ValidationError as error:
        raise errors.unexpected(f"A row of {COMPANIES} is not what was expected.") from error


class Catalog:
    def __init__(self, settings: Settings, client: OneCClient, redis: Redis) -> None:
        self._client = client
        self._redis = redis
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Separate the cached answers by the 1C user, because each user sees other data."""
        base = f"{settings.onec_server_url} {settings.onec_username}"
        name_space = sha256(base.encode()).hexdigest()[:16]
        self._cache = AnswerCache(self._redis, name_space)
        self._schema = SchemaCache(self._redis, name_space, self._client.read_schema)

    async def companies(self, params: PageParams) -> Page[Company]:
        """The companies not marked for deletion, by name."""
        self._client.require_configured()

        async def load() -> Page[Company]:
            query = Query(
                top=params.limit,
                skip=params.offset,
                order_by=("Description", "Ref_Key"),
                where="DeletionMark eq false",
                count=True,
            )
            page = await self._client.read(COMPANIES, query)
            companies = [to_company(row) for row in page.rows]
            total = page.count if page.count is not None else params.offset + len(companies)
            return Page[Company](items=companies, total=total, limit=params.limit, offset=params.offset)

        name = f"companies:{params.limit}:{params.offset}"
        return await self._cache.get_or_load(name, Page[Company], _COMPANIES_SECONDS, load)

    async def company(self, company_id: UUID) -> Company:
        async def load() -> Company:
            row = await self._client.read_one(COMPANIES, company_id)
            if row is None:
                raise ProblemError(404, "There is no such company.")
            return to_company(row)

        self._client.require_configured()
        return await self._cache.get_or_load(f"company:{company_id}", Company, _COMPANIES_SECONDS, load)

    async def schema(self) -> Schema:
        self._client.require_configured()
        return await self._schema.get()

    async def entity_set(self, name: str) -> EntitySet:
        found = (await self.schema()).entity_sets.get(name)
        if found is None:
            raise errors.not_found(name)
        return found
