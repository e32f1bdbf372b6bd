import pytest

from onec_integration.errors import OneCError
from onec_integration.metadata import MetadataParser, Schema
from onec_simulator.base import Base
from onec_simulator.documents import metadata_answer

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a b="&c;">&c;</a>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"""


def parse(document: bytes, step: int = 7) -> Schema:
    parser = MetadataParser()
    for start in range(0, len(document), step):
        parser.feed(document[start : start + step])
    return parser.close()


def test_reads_names_and_keys_piece_by_piece() -> None:
    base = Base()
    base.add_sales(1)
    base.add_companies(1)
    base.add_rates(1)
    schema = parse(bytes(metadata_answer(base).body))
    assert list(schema.entity_sets) == sorted(base.entity_sets)
    for name, entity_set in base.entity_sets.items():
        assert schema.entity_sets[name].key == entity_set.key
    assert {item.kind for item in schema.entity_sets.values()} == {
        "Catalog",
        "Document",
        "InformationRegister",
    }


@pytest.mark.parametrize("document", [b"", b"{}", b"<a>", b"<a></b>", BOMB, OUTSIDE])
def test_a_document_that_is_broken_or_hostile(document: bytes) -> None:
    with pytest.raises(OneCError) as caught:
        parse(document)
    assert caught.value.code == "onec_unexpected_answer"


def test_what_has_no_key_is_left_out() -> None:
    assert parse(b'<a><EntitySet Name="Constant_A" EntityType="S.A"/></a>').entity_sets == {}
