# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""What a set is, is told by its metadata; and what is no metadata is not taken for an empty base."""

import httpx
import pytest

from assistants_common.resources import Resources
from assistants_testing.plugin import AuthHeaders
from onec_integration import metadata
from onec_integration.errors import OneCError
from onec_integration.metadata import EntitySet, MetadataParser, Schema
from onec_integration.schema_cache import SchemaCache
from onec_simulator.base import COMPANIES, Base

REFERENCE, LINE = ("Ref_Key",), ("Ref_Key", "LineNumber")
EDMX = (
    '<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0"><edmx:DataServices>'
    '<Schema xmlns="http://schemas.microsoft.com/ado/2009/11/edm" Namespace="StandardODATA">{}'
    '<EntityContainer Name="EnterpriseV8">{}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
)
OTHERS = {
    "a login page": b'<html xmlns="http://www.w3.org/1999/xhtml"><body><form action="/Edmx"/></body></html>',
    "HTML that is no XML": b"<!doctype html><html><body><br>Sign in</body></html>",
    "the service document": b'<service xmlns="http://www.w3.org/2007/app"><workspace/></service>',
    "the service document as JSON": b'{"odata.metadata": "x", "value": []}',
    "a refusal": b'<m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"/>',
    "a feed": b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>',
    "an envelope without a schema": b'<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"/>',
    "metadata within another document": EDMX.format("", "").join(("<a>", "</a>")).encode(),
    "half of the metadata": EDMX.format("", "").encode()[:-20],
    "a page behind a comment": b"<?xml version='1.0'?><!-- Edmx Schema --><html/>",
    "nothing": b"",
}


def parse(document: bytes, step: int = 9) -> Schema:
    parser = MetadataParser()
    for start in range(0, len(document), step):
        parser.feed(document[start : start + step])
    return parser.close()


def schema(sets: dict[str, tuple[str, ...]], fields: dict[str, dict[str, str]] | None = None) -> Schema:
    types = "".join(
        f'<EntityType Name="{name}"><Key>{"".join(f"<PropertyRef Name=`{part}`/>" for part in key)}</Key>'
        + "".join(
            f"<Property Name=`{item}` Type=`{type_}`/>"
            for item, type_ in (fields or {}).get(name, {}).items()
        )
        + "</EntityType>"
        for name, key in sets.items()
    )
    published = "".join(f"<EntitySet Name=`{name}` EntityType=`StandardODATA.{name}`/>" for name in sets)
    return parse(EDMX.format(types, published).replace("`", '"').encode())


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("step", [9, 100_000])
def test_what_is_no_metadata_is_refused(name: str, step: int) -> None:
    with pytest.raises(OneCError) as caught:
        parse(OTHERS[name], step)
    assert caught.value.code == "onec_unexpected_answer"


def test_a_base_that_publishes_nothing_is_fine() -> None:
    assert schema({}).entity_sets == {}


@pytest.mark.parametrize("name", OTHERS)
async def test_another_page_is_not_kept_for_the_schema(
    client: httpx.AsyncClient, base: Base, clean_tables: None, auth_headers: AuthHeaders, name: str
) -> None:
    base.add_companies(1)
    base.garbage = OTHERS[name]
    during = await client.get("/metadata", headers=auth_headers())
    base.garbage = None
    after = await client.get("/metadata", headers=auth_headers())
    assert (during.status_code, after.status_code) == (502, 200), during.text
    assert after.json()["total"] == 1


async def test_another_page_does_not_take_the_place_of_the_last_schema(
    resources: Resources, clean_tables: None
) -> None:
    good = schema({COMPANIES: REFERENCE})
    answers: list[Schema | OneCError] = [good]

    async def load() -> Schema:
        answer = answers[-1]
        if isinstance(answer, OneCError):
            raise answer
        return answer

    cache = SchemaCache(resources.redis, "shapes", load)
    assert await cache.get() == good
    with pytest.raises(OneCError) as caught:
        parse(OTHERS["a login page"])
    answers.append(caught.value)
    assert await cache.get() == good
    await resources.redis.flushdb()
    with pytest.raises(OneCError):
        await cache.get()
    answers.append(good)
    assert await cache.get() == good


SETS = {
    "Catalog_Товары": REFERENCE,
    "Catalog_Товары_Цены": LINE,
    "Catalog_Товары_Архив": REFERENCE,
    "Catalog_Товары_Архив_Цены": LINE,
    "Catalog_Товары_Архив_Цены_Старые": LINE,
    "Document_Бюджет_Группы": REFERENCE,
    "Document_Без_Владельца_Строки": LINE,
    "InformationRegister_xx_Очередь": ("Recorder_Key",),
    "InformationRegister_xx_Очередь_RecordType": ("Предмет",),
    "AccumulationRegister_Запасы_RecordType": ("Recorder", "LineNumber"),
    "ExchangePlan_Старый_Обмен_2_0": REFERENCE,
    "BusinessProcess_xx_Задача_Участники": LINE,
    "BusinessProcess_xx_Задача": REFERENCE,
}


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Catalog_Товары", "Товары"),
        ("Catalog_Товары_Цены", "Товары.Цены"),
        ("Catalog_Товары_Архив", "Товары_Архив"),
        ("Catalog_Товары_Архив_Цены", "Товары_Архив.Цены"),
        ("Catalog_Товары_Архив_Цены_Старые", "Товары_Архив.Цены_Старые"),
        ("Document_Бюджет_Группы", "Бюджет_Группы"),
        ("Document_Без_Владельца_Строки", "Без_Владельца_Строки"),
        ("InformationRegister_xx_Очередь", "xx_Очередь"),
        ("InformationRegister_xx_Очередь_RecordType", "xx_Очередь"),
        ("AccumulationRegister_Запасы_RecordType", "Запасы"),
        ("ExchangePlan_Старый_Обмен_2_0", "Старый_Обмен_2_0"),
        ("BusinessProcess_xx_Задача_Участники", "xx_Задача.Участники"),
    ],
)
def test_titles_go_by_the_owner(name: str, title: str) -> None:
    found = schema(SETS)
    assert found.entity_sets[name].title == title
    assert Schema.model_validate_json(found.model_dump_json()).entity_sets[name].title == title


def test_only_documents_have_dates_to_filter_by() -> None:
    date = {"Date": "Edm.DateTime"}
    sets = {
        "Document_А": REFERENCE,
        "Document_А_Строки": LINE,
        "Document_Б": REFERENCE,
        "Document_В": REFERENCE,
        "DocumentJournal_А": ("Ref", "Ref_Type"),
        "Catalog_А": REFERENCE,
    }
    fields = {
        **dict.fromkeys(("Document_А", "Document_А_Строки", "DocumentJournal_А", "Catalog_А"), date),
        "Document_В": {"Date": "Edm.String"},
    }
    found = schema(sets, fields)
    assert [name for name, item in found.entity_sets.items() if item.has_dates] == ["Document_А"]


def test_a_wide_set_keeps_its_fields() -> None:
    """A form of hundreds of columns is one set; what comes after the first 500 matters too."""
    fields = {f"Графа{number}": "Edm.String" for number in range(900)} | {"DataVersion": "Edm.String"}
    wide = schema({"Document_Отчёт": REFERENCE}, {"Document_Отчёт": fields}).entity_sets["Document_Отчёт"]
    assert wide.fields == fields
    assert wide.has_versions


def test_what_decides_how_a_set_is_read_is_never_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "MAX_FIELDS_OF_A_SET", 3)
    fields = {f"Графа{number}": "Edm.String" for number in range(9)}
    fields |= {"DataVersion": "Edm.String", "Date": "Edm.DateTime"}
    found = schema({"Document_Отчёт": REFERENCE}, {"Document_Отчёт": fields}).entity_sets["Document_Отчёт"]
    assert list(found.fields) == ["Графа0", "Графа1", "Графа2", "DataVersion", "Date"]
    assert found.has_versions
    assert found.has_dates


def test_a_set_by_itself_has_no_owner() -> None:
    assert EntitySet(name="Document_А_Б", key=LINE).title == "А_Б"
