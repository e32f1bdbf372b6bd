# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""What the simulator knows: the demonstration base of the 1C simulator (onec_simulator/demo.py)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One entity set: its names in questions, and its content."""

    words: Sequence[str]
    """Beginnings of words, in lower case."""
    entity_set: str
    rows: int
    russian: str
    english: str


FACTS: Sequence[Fact] = (
    Fact(
        ("организаци", "compan", "organi"),
        "Catalog_Организации",
        5,
        "организации: Ромашка, Северный ветер, Торговый дом «Ёлочка», Василёк, Первая мануфактура",
        "companies: Ромашка, Северный ветер, Торговый дом «Ёлочка», Василёк, Первая мануфактура",
    ),
    Fact(
        ("реализаци", "продаж", "sale", "sold"),
        "Document_РеализацияТоваровУслуг",
        1200,
        "документы продажи с 9 января 2025 года, каждый пятидесятый помечен на удаление и не проведён",
        "documents of sales from 9 January 2025 on, every fiftieth marked for deletion and not posted",
    ),
    Fact(
        ("поступлени", "закуп", "receipt", "purchase", "bought"),
        "Document_ПоступлениеТоваровУслуг",
        500,
        "документы поступления товаров с 9 января 2025 года",
        "documents of goods received from 9 January 2025 on",
    ),
    Fact(
        ("номенклатур", "товар", "goods", "product", "item"),
        "Catalog_Номенклатура",
        400,
        "номенклатура: болты, гайки, кабель, краска, лампы, насосы, плитка, трубы, щиты, ящики",
        "goods: bolts, nuts, cable, paint, lamps, pumps, tiles, pipes, boards, boxes",
    ),
    Fact(
        ("контрагент", "покупател", "поставщик", "клиент", "partner", "customer", "supplier", "client"),
        "Catalog_Контрагенты",
        300,
        "контрагенты, каждый сороковой помечен на удаление",
        "partners, every fortieth marked for deletion",
    ),
    Fact(
        ("склад", "store", "warehouse", "stock"),
        "Catalog_Склады",
        4,
        "склады: Основной склад, Склад №2, Розничный магазин, Брак",
        "stores: Основной склад, Склад №2, Розничный магазин, Брак",
    ),
    Fact(
        ("валют", "курс", "currenc", "rate"),
        "InformationRegister_КурсыВалют",
        730,
        "курсы доллара и евро на каждый день 2025 года",
        "rates of the dollar and the euro for every day of 2025",
    ),
    Fact(
        ("физическ", "сотрудник", "person", "people", "employee"),
        "Catalog_ФизическиеЛица",
        60,
        "физические лица; права показывают только каждое третье",
        "persons; access rights show every third only",
    ),
)
