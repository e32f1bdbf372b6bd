# ruff: noqa: RUF001 - names of 1C are Cyrillic
import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders
from onec_integration import metadata, schema_cache
from onec_integration.errors import OneCError
from onec_integration.metadata import EntitySet, MetadataParser, Schema
from onec_integration.schema_cache import SchemaCache
from onec_simulator.base import COMPANIES, RATES, SALES, Base
from onec_simulator.demo import demo_base
from onec_simulator.documents import metadata_answer

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE Edmx [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>'
    b'<Edmx b="&c;"><Schema/>&c;</Edmx>'
)
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE Edmx SYSTEM "file:///etc/passwd"><Edmx><Schema/></Edmx>"""
XXE = b"""<?xml version="1.0"?><!DOCTYPE Edmx [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Edmx><Schema/><EntityType Name="C"><Key><PropertyRef Name="Ref_Key"/></Key>
<Property Name="&x;" Type="t"/></EntityType></Edmx>"""
LAUGHS = b"<!DOCTYPE Edmx [" + b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10 if level else b"ha") for level in range(10)
)
BILLION_LAUGHS = LAUGHS + b"]><Edmx><Schema/>&l9;</Edmx>"
DEEP = b"<Edmx><Schema>" * 2500


def parse(document: bytes, step: int = 7) -> Schema:
    parser = MetadataParser()
    for start in range(0, len(document), step):
        parser.feed(document[start : start + step])
    return parser.close()


def one_set(properties: str, name: str = "Catalog_Я") -> bytes:
    return (
        '<Edmx><Schema/><EntityType Name="T"><Key><PropertyRef Name="Ref_Key"/></Key>'
        f"{properties}</EntityType>"
        f'<EntitySet Name="{name}" EntityType="S.T"/></Edmx>'
    ).encode()


def test_reads_names_keys_and_fields_piece_by_piece() -> None:
    base = demo_base()
    schema = parse(bytes(metadata_answer(base).body))
    assert list(schema.entity_sets) == sorted(base.entity_sets)
    for name, entity_set in base.entity_sets.items():
        assert schema.entity_sets[name].key == entity_set.key
        assert schema.entity_sets[name].fields == entity_set.properties
    assert {item.kind for item in schema.entity_sets.values()} == {
        "AccumulationRegister",
        "Catalog",
        "Document",
        "InformationRegister",
    }
    assert schema.entity_sets[COMPANIES].has_versions
    assert not schema.entity_sets[RATES].has_references


@pytest.mark.parametrize(
    "document", [b"", b"{}", b"<Edmx>", b"<Edmx></b>", BOMB, OUTSIDE, XXE, BILLION_LAUGHS, DEEP]
)
@pytest.mark.parametrize("step", [7, 100_000])
def test_a_document_that_is_broken_or_hostile(document: bytes, step: int) -> None:
    with pytest.raises(OneCError) as caught:
        parse(document, step)
    assert caught.value.code == "onec_unexpected_answer"


def test_what_has_no_key_or_no_good_name_is_left_out() -> None:
    assert (
        parse(b'<Edmx><Schema><EntitySet Name="Constant_A" EntityType="S.A"/></Schema></Edmx>').entity_sets
        == {}
    )
    for name in ("", "../secret", "Catalog_" + "x" * 300, "Catalog_Я?$filter"):
        assert parse(one_set("", name)).entity_sets == {}


def test_fields_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    many = "".join(f'<Property Name="P{number}" Type="Edm.String"/>' for number in range(10))
    monkeypatch.setattr(metadata, "MAX_FIELDS_OF_A_SET", 4)
    assert list(parse(one_set(many)).entity_sets["Catalog_Я"].fields) == ["P0", "P1", "P2", "P3"]
    monkeypatch.setattr(metadata, "MAX_FIELDS", 3)
    with pytest.raises(OneCError):
        parse(one_set(many))


def test_titles() -> None:
    assert EntitySet(name="Catalog_Организации", key=()).title == "Организации"
    table = EntitySet(name="Document_Реализация_Товары", key=(), owner="Document_Реализация")
    assert table.title == "Реализация.Товары"


def test_search_puts_the_best_first() -> None:
    names = ["Catalog_Организации", "Catalog_ОрганизацииКонтакты", "Document_Реализация", "Catalog_Валюты"]
    fields = {"Document_Реализация": {"Организация_Key": "Edm.Guid", "ОрганизацииСписок": "Edm.String"}}
    schema = Schema(
        entity_sets={name: EntitySet(name=name, key=("k",), fields=fields.get(name, {})) for name in names}
    )
    assert [item.name for item in schema.search(["ОРГАНИЗАЦИИ"])] == [names[0], names[1], names[2]]
    assert [item.name for item in schema.search(["реализация", "валюты"])] == [names[3], names[2]]
    assert [item.name for item in schema.search(["_key", "контакты"])] == [names[1], names[2]]
    assert schema.search(["нет"]) == []
    assert len(schema.search([])) == 4


@pytest.fixture
async def headers(clean_tables: None, base: Base, auth_headers: AuthHeaders) -> dict[str, str]:
    base.add_companies(1)
    base.add_rates(1)
    base.add_sales(1)
    return auth_headers()


async def test_every_user_finds_entity_sets(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    for _ in range(2):
        answer = await client.get("/metadata", params={"search": "курс  курс", "limit": 1}, headers=headers)
        assert answer.status_code == 200
        assert answer.json() == {
            "entities": [
                {
                    "name": RATES,
                    "kind": "InformationRegister",
                    "title": "КурсыВалют",
                    "fields": [
                        {"name": "Period", "type": "Edm.DateTime"},
                        {"name": "Валюта_Key", "type": "Edm.Guid"},
                        {"name": "Курс", "type": "Edm.Double"},
                    ],
                }
            ],
            "total": 1,
        }
    assert len(base.requests) == 1


async def test_metadata_in_pages(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = (await client.get("/metadata?limit=2&offset=1", headers=headers)).json()
    assert [entity["name"] for entity in answer["entities"]] == [SALES, RATES]
    assert answer["total"] == 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "search=a%00b", f"search={'x' * 501}", "offset=-1"]
)
async def test_searches_that_are_none(client: httpx.AsyncClient, headers: dict[str, str], query: str) -> None:
    assert (await client.get(f"/metadata?{query}", headers=headers)).status_code == 422


async def test_a_failure_is_not_cached(
    client: httpx.AsyncClient, base: Base, headers: dict[str, str]
) -> None:
    base.failures = [500]
    assert (await client.get("/metadata", headers=headers)).status_code == 502
    assert (await client.get("/metadata", headers=headers)).status_code == 200


class Loader:
    """Stands for 1C, and counts how often it is asked."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> Schema:
        self.count += 1
        return Schema(entity_sets={COMPANIES: EntitySet(name=COMPANIES, key=("Ref_Key",), fields={"a": "b"})})


async def test_replicas_share_the_schema(resources: Resources, clean_tables: None) -> None:
    loader = Loader()
    first, second = (SchemaCache(resources.redis, "x", loader) for _ in range(2))
    schema = await first.get()
    assert await second.get() == schema
    assert await second.get() is await second.get()
    assert loader.count == 1


async def test_a_schema_in_the_cache_that_cannot_be_read(resources: Resources, clean_tables: None) -> None:
    loader = Loader()
    await SchemaCache(resources.redis, "x", loader).get()
    await resources.redis.set("onec-integration:x:schema", "nonsense")
    await SchemaCache(resources.redis, "x", loader).get()
    assert loader.count == 2


async def test_a_schema_without_redis(
    resources: Resources, clean_tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: object, **_options: object) -> None:
        raise RedisConnectionError("gone")

    monkeypatch.setattr(resources.redis, "get", fail)
    monkeypatch.setattr(resources.redis, "set", fail)
    loader = Loader()
    cache = SchemaCache(resources.redis, "x", loader)
    assert await cache.get() is await cache.get()
    assert loader.count == 1
    monkeypatch.setattr(schema_cache, "monotonic", lambda: float("inf"))
    await cache.get()
    assert loader.count == 2
