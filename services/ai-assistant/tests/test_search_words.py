import pytest

from ai_assistant.search_words import search_words

# ruff: noqa: RUF001 - Russian letters are meant


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("Остатки товаров по складам на дату", ["остатк", "товар", "склад", "дату"]),
        ("Напиши запрос: продажи организаций за март 2025", ["продаж", "организац", "март"]),
        ("Список Справочник.Номенклатура с отбором", ["номенклатур"]),
        ("РегистрНакопления.ТоварыНаСкладах.Остатки", ["ТоварыНаСкладах", "остатк"]),
        ("Stock balances by warehouses and companies", ["stock", "balanc", "warehous", "compan"]),
        ("Catalog_Контрагенты with Ref_Key", ["Catalog_Контрагенты", "Ref_Key"]),
        ("товар, товара, товары, ТОВАРУ", ["товар"]),
        ("Сотрудники и сотрудник", ["сотрудник"]),
        ("все учёты и учет", ["учет"]),
        ("1 2 3 ... !", []),
        ("", []),
    ],
)
def test_words_without_their_endings(description: str, words: list[str]) -> None:
    assert search_words(description) == words


def test_there_are_not_too_many() -> None:
    many = " ".join(f"слово{chr(ord('а') + number)}щ" for number in range(30))
    assert len(search_words(many)) == 12
    long = " ".join(letter * 60 for letter in "бвгджзк")
    assert len(" ".join(search_words(long))) <= 200
    assert len(search_words(long)) == 3
    assert search_words("б" * 300) == []


def test_every_stem_begins_a_word_of_the_description() -> None:
    for word in search_words("Контрагентами документами реализациями сведениями номенклатурой"):
        assert word in "контрагентами документами реализациями сведениями номенклатурой"
