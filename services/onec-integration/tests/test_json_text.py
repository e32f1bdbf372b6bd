"""What 1C writes is read as it is, or refused: never changed and never a fault of ours."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import Text, cast, select

from assistants_common.resources import Resources
from onec_integration import json_text, odata, records
from onec_integration.errors import OneCError
from onec_integration.json_text import MAX_NESTING
from onec_integration.metadata import EntitySet
from onec_integration.models import OneCRecord
from onec_integration.refusals import Refusal

SET = EntitySet(name="InformationRegister_Суммы", key=("Номер",))
NUMBERS = [
    "0",
    "-0.1",
    "100.5",
    "12345678901234567.89",
    "-99999999999999999999999999999999999.999",
    "0.1234567890123456789",
    "99999999999999999999",
    "1e300",
    "12345678901234567890e-5",
    "1" * 400,
]


@pytest.mark.parametrize("number", NUMBERS)
def test_digits_are_kept(number: str) -> None:
    row = odata.parse_page(b'{"value": [{"a": %s}]}' % number.encode()).rows[0]
    assert Decimal(str(row["a"])) == Decimal(number)
    written = json.loads(json_text.dumps([row, "text"]), parse_float=Decimal)
    assert written == [{"a": Decimal(number)}, "text"]


@pytest.mark.parametrize(
    "number", ["1e999", "-1e999", "1e-999", "NaN", "Infinity", "-Infinity", "1" * 5000, "1" * 401]
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(OneCError) as caught:
        odata.parse_page(b'{"value": [{"a": %s}]}' % number.encode())
    assert caught.value.code == "onec_unexpected_answer"


async def test_digits_are_kept_in_the_database(resources: Resources, clean_tables: None) -> None:
    body = ",".join(f'{{"Номер": {place}, "Сумма": {number}}}' for place, number in enumerate(NUMBERS))
    rows = odata.parse_page(f'{{"value": [{body}]}}'.encode()).rows
    async with resources.require_database().session() as session:
        await records.store(session, SET, rows)
        await session.commit()
        amount = cast(OneCRecord.data["Сумма"], Text)
        statement = select(amount).order_by(OneCRecord.data["Номер"])
        stored = list(await session.scalars(statement))
        known = await records.versions(session, SET, [records.record_key(SET, row) for row in rows])
    assert [Decimal(text) for text in stored] == [Decimal(text) for text in NUMBERS]
    assert set(known.values()) == {records.row_version(row) for row in rows}


def test_a_text_that_looks_like_a_number_stays_one() -> None:
    row = {"a": "12345678901234567.89", "b": Decimal("12345678901234567.89")}
    assert json_text.dumps(row) == '{"a": "12345678901234567.89", "b": 12345678901234567.89}'
    with pytest.raises(TypeError):
        json_text.dumps({"a": object()})


@pytest.mark.parametrize("character", [*map(chr, range(1, 0x20)), "\x7f", "\x85", "\u2028"])
def test_raw_control_characters_within_a_text(character: str) -> None:
    body = f'{{"value": [{{"Ref_Key": "x", "Штрихкод": "0104600{character}21abc"}}]}}'
    assert odata.parse_page(body.encode()).rows[0]["Штрихкод"] == f"0104600{character}21abc"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"a\0b", "ab"), (rb"a\u0000b", "ab"), (b"a\xed\xa0\xbdb", "a\ufffdb"), (rb"a\ud83db", "a\ufffdb")],
)
def test_what_the_database_does_not_take_is_left_out_of_texts(raw: bytes, expected: str) -> None:
    assert odata.parse_page(b'{"value": [{"a": "%s"}]}' % raw).rows == [{"a": expected}]


def test_control_characters_between_texts_are_none_of_json() -> None:
    with pytest.raises(OneCError):
        odata.parse_page(b'{"value": [\x1d]}')


def nested(opening: bytes, closing: bytes, levels: int) -> bytes:
    return opening * levels + b"1" + closing * levels


@pytest.mark.parametrize("levels", [MAX_NESTING, 900, 3000, 30_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")])
def test_a_deep_answer_is_refused(levels: int, opening: bytes, closing: bytes) -> None:
    body = b'{"value": [{"a": %s}]}' % nested(opening, closing, levels)
    for deep in (body, body.replace(b"1", rb'"\u0041"')):
        with pytest.raises(OneCError) as caught:
            odata.parse_page(deep)
        assert caught.value.code == "onec_unexpected_answer"
    assert odata.has_error_document(b'{"odata.error": %s}' % nested(opening, closing, levels)) in {
        True,
        False,
    }


def test_tables_within_tables_are_no_deep_answer() -> None:
    body = b'{"value": [{"a": %s}]}' % nested(b'[{"b":', b"}]", 20)
    assert len(odata.parse_page(body).rows) == 1


def test_a_refusal_with_status_200_is_none_the_less_one() -> None:
    body = '{"odata.error": {"code": "20", "message": {"lang": "ru", "value": "Нарушение прав"}}}'
    with pytest.raises(OneCError) as caught:
        odata.parse_page(body.encode())
    assert caught.value.reason == Refusal("20", "Нарушение прав")
