from datetime import UTC, datetime
from uuid import UUID

import pytest

from onec_integration import odata
from onec_integration.errors import OneCError
from onec_integration.metadata import EntitySet
from onec_integration.records import record_key

ID = UUID("4f5a1c2e-8f0b-4d1e-9f5e-0a1b2c3d4e5f")


def test_literals() -> None:
    assert odata.guid(ID) == f"guid'{ID}'"
    moment = datetime(2026, 1, 2, 3, 4, 5, 678)  # noqa: DTZ001 - 1C has no time zones
    assert odata.local_datetime(moment) == "datetime'2026-01-02T03:04:05'"
    with pytest.raises(ValueError, match="time zone"):
        odata.local_datetime(datetime(2026, 1, 2, tzinfo=UTC))


def test_spaces_and_cyrillic_are_percent_encoded() -> None:
    assert odata.encode_query({"$filter": "Код eq 'a+b'"}) == "$filter=%D0%9A%D0%BE%D0%B4%20eq%20%27a%2Bb%27"
    assert odata.encode_path(f"Catalog_Я({odata.guid(ID)})") == f"Catalog_%D0%AF(guid'{ID}')"


def test_a_count_is_a_string() -> None:
    page = odata.parse_page(b'{"value": [{"a": 1}], "odata.count": "12"}')
    assert (page.rows, page.count) == ([{"a": 1}], 12)
    assert odata.parse_page(b'\xef\xbb\xbf{"value": []}').count is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<feed/>",
        b"[]",
        b"{}",
        b'{"value": {}}',
        b'{"value": [1]}',
        b"\xff",
        b'{"value": [], "odata.count": "x"}',
        b'{"value": [], "odata.count": "-1"}',
        b'{"value": [{"a": NaN}]}',
    ],
)
def test_an_answer_that_is_none(body: bytes) -> None:
    with pytest.raises(OneCError) as caught:
        odata.parse_page(body)
    assert caught.value.code == "onec_unexpected_answer"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"odata.error": {"code": "8"}}', True),
        (b"<m:error xmlns:m='x'/>", True),
        (b"The session is not found.", False),
        (b'["odata.error"]', False),
    ],
)
def test_errors_of_the_interface_itself(body: bytes, *, expected: bool) -> None:
    assert odata.has_error_document(body) is expected


def test_keys_of_records() -> None:
    catalog = EntitySet(name="Catalog_Я", key=("Ref_Key",))
    register = EntitySet(name="InformationRegister_Я", key=("Period", "Код"))
    assert record_key(catalog, {"Ref_Key": str(ID).upper()}) == str(ID)
    first = record_key(register, {"Period": "2026-01-01T00:00:00", "Код": "1"})
    second = record_key(register, {"Period": "2026-01-01T00:00:00", "Код": "2"})
    assert first != second
    assert len(first) == 64
    with pytest.raises(OneCError, match="Код"):
        record_key(register, {"Period": "2026-01-01T00:00:00"})


@pytest.mark.parametrize("value", [None, 1, "x' or true"])
def test_a_reference_that_is_none(value: object) -> None:
    with pytest.raises(OneCError) as caught:
        record_key(EntitySet(name="Catalog_Я", key=("Ref_Key",)), {"Ref_Key": value})
    assert caught.value.code == "onec_unexpected_answer"


def test_a_count_for_itself() -> None:
    assert odata.parse_count(b"\xef\xbb\xbf 1200\r\n") == 1200
    for body in (b"", b"<html/>", b"-1", b"1" * 13):
        with pytest.raises(OneCError):
            odata.parse_count(body)


def test_references_are_guid_literals() -> None:
    assert odata.one_of([str(ID), str(ID)]) == f"Ref_Key eq guid'{ID}' or Ref_Key eq guid'{ID}'"


def test_what_the_database_does_not_take_is_left_out() -> None:
    body = rb'{"value": [{"a\u0000": ["x\u0000y", "\ud83d", "\ud83d\ude00", "\\u0000", 1]}]}'
    assert odata.parse_page(body).rows == [{"a": ["xy", "\ufffd", "\U0001f600", "\\u0000", 1]}]


def test_a_page_that_is_more_than_was_asked_for_is_cut() -> None:
    page = odata.EntityPage([{"a": number} for number in range(9)], 9)
    assert page.cut(odata.Query(top=2, skip=3, count=True)).rows == [{"a": 3}, {"a": 4}]
    assert page.cut(odata.Query(top=2, skip=3)) is page
