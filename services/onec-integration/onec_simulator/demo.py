# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""A realistic base of a trading company: always the same few thousand rows."""

from datetime import datetime, timedelta
from random import Random

from onec_simulator.base import (
    COMPANIES,
    LINES,
    NO_DATE,
    OBJECT,
    RATES,
    SALES,
    Base,
    EntitySet,
    Row,
    data_version,
    reference,
)

PARTNERS = "Catalog_Контрагенты"
GOODS = "Catalog_Номенклатура"
STORES = "Catalog_Склады"
CURRENCIES = "Catalog_Валюты"
PERSONS = "Catalog_ФизическиеЛица"
RECEIPTS = "Document_ПоступлениеТоваровУслуг"
MOVEMENTS = "AccumulationRegister_ТоварыНаСкладах_RecordType"
_NAMED = {**OBJECT, "Code": "Edm.String", "Description": "Edm.String"}
_COMPANIES = (
    "Ромашка", "Северный ветер", "Торговый дом «Ёлочка»", "Василёк", "Первая мануфактура",
)  # fmt: skip
_WORDS = ("Альфа", "Берег", "Вектор", "Гранит", "Заря", "Исток", "Каскад", "Лидер", "Меридиан", "Орион")
_KINDS = ("Трейд", "Строй", "Сервис", "Логистика", "Продукт", "Техника")
_GOODS = ("Болт", "Гайка", "Кабель", "Краска", "Лампа", "Насос", "Плитка", "Труба", "Щит", "Ящик")
_MATERIALS = ("стальной", "латунный", "белый", "усиленный", "бытовой")
_FAMILIES = ("Иванов", "Петров", "Сидоров", "Кузнецов", "Щукин", "Ёлкин")
_FIRST = ("Алексей", "Борис", "Виктор", "Пётр", "Семён")
_START = datetime(2025, 1, 9, 9)  # noqa: DTZ001 - 1C has no time zones
_WEIGHTS = (2, 4, 10, 3, 5, 9, 4, 6, 8)


def demo_base() -> Base:
    """The base of the simulator that runs as a server."""
    random = Random(8)  # noqa: S311 - rows, not secrets
    base = Base()
    add = base.entity_sets.__setitem__
    add(COMPANIES, _companies(random))
    add(PARTNERS, _partners(random, 300))
    add(GOODS, _goods(random, 400))
    add(STORES, _named("store", ["Основной склад", "Склад №2", "Розничный магазин", "Брак"]))
    add(CURRENCIES, _named("currency", ["руб.", "USD", "EUR"]))
    add(PERSONS, _named("person", [_person(number) for number in range(60)]))
    add(RECEIPTS, _documents(random, "receipt", 500, hours=17))
    add(SALES, _documents(random, "sale", 1200, hours=7))
    add(RATES, _rates(random, 365))
    add(MOVEMENTS, _movements(base))
    base.hidden_by_rights.add(PERSONS)
    return base


def _inn(random: Random) -> str:
    """A taxpayer number with the right check digit."""
    digits = [7, 7, *(random.randrange(10) for _ in range(7))]
    check = sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True)) % 11 % 10
    return "".join(str(digit) for digit in (*digits, check))


def _object(kind: str, number: int, *, marked: bool = False) -> Row:
    return {
        "Ref_Key": reference(kind, number),
        "DataVersion": data_version(1 + number % 7),
        "DeletionMark": marked,
    }


def _named(kind: str, names: list[str]) -> EntitySet:
    rows = [
        {**_object(kind, number), "Code": f"{number + 1:09}", "Description": name}
        for number, name in enumerate(names)
    ]
    return EntitySet(("Ref_Key",), dict(_NAMED), rows)


def _companies(random: Random) -> EntitySet:
    found = _named("company", [f"{name} ООО" for name in _COMPANIES])
    for number, row in enumerate(found.rows):
        row["НаименованиеПолное"] = f'Общество с ограниченной ответственностью "{_COMPANIES[number]}"'
        row["ИНН"], row["КПП"] = _inn(random), "770101001"
        row["ДатаРегистрации"] = NO_DATE if number == 0 else f"20{10 + number}-03-01T00:00:00"
    text = dict.fromkeys(("НаименованиеПолное", "ИНН", "КПП"), "Edm.String")
    found.properties.update(text, ДатаРегистрации="Edm.DateTime")
    return found


def _partners(random: Random, count: int) -> EntitySet:
    names = [
        f"{_WORDS[number % 10]}-{_KINDS[number // 10 % 6]} {number // 60 + 1} ООО" for number in range(count)
    ]
    found = _named("partner", names)
    for number, row in enumerate(found.rows):
        row["DeletionMark"] = number % 40 == 0
        row["НаименованиеПолное"] = f'Общество с ограниченной ответственностью "{names[number][:-4]}"'
        row["ИНН"], row["КПП"] = _inn(random), "771501001"
        row["ЮридическоеФизическоеЛицо"] = "ЮридическоеЛицо"
    text = ("НаименованиеПолное", "ИНН", "КПП", "ЮридическоеФизическоеЛицо")
    found.properties.update(dict.fromkeys(text, "Edm.String"))
    return found


def _goods(random: Random, count: int) -> EntitySet:
    names = [
        f"{_GOODS[number % 10]} {_MATERIALS[number // 10 % 5]} М{4 + number // 50}" for number in range(count)
    ]
    found = _named("goods", names)
    for number, row in enumerate(found.rows):
        row["Артикул"] = f"{_GOODS[number % 10][:2].upper()}-{number:05}"
        row["ЕдиницаИзмерения"] = "шт"
        row["СтавкаНДС"] = random.choice(("НДС20", "НДС10", "БезНДС"))
        row["IsFolder"] = False
    found.properties.update(dict.fromkeys(("Артикул", "ЕдиницаИзмерения", "СтавкаНДС"), "Edm.String"))
    found.properties["IsFolder"] = "Edm.Boolean"
    return found


def _person(number: int) -> str:
    return f"{_FAMILIES[number % 6]} {_FIRST[number // 6 % 5]} ({number + 1})"


def _documents(random: Random, kind: str, count: int, *, hours: int) -> EntitySet:
    rows = [_document(random, kind, number, hours) for number in range(count)]
    properties = {
        **OBJECT,
        "Number": "Edm.String",
        "Date": "Edm.DateTime",
        "Posted": "Edm.Boolean",
        "Организация_Key": "Edm.Guid",
        "Контрагент_Key": "Edm.Guid",
        "Склад_Key": "Edm.Guid",
        "СуммаДокумента": "Edm.Double",
        "Комментарий": "Edm.String",
        "Товары": LINES,
    }
    return EntitySet(("Ref_Key",), properties, rows)


def _document(random: Random, kind: str, number: int, hours: int) -> Row:
    lines = [_line(random, place + 1) for place in range(random.randint(1, 4))]
    moment = _START + timedelta(hours=number * hours, minutes=random.randrange(60))
    marked = (number + 1) % 50 == 0
    return {
        **_object(kind, number, marked=marked),
        "Number": f"0000-{number + 1:06}",
        "Date": moment.isoformat(timespec="seconds"),
        "Posted": not marked,
        "Организация_Key": reference("company", random.randrange(len(_COMPANIES))),
        "Контрагент_Key": reference("partner", random.randrange(300)),
        "Склад_Key": reference("store", random.randrange(3)),
        "СуммаДокумента": round(sum(line["Сумма"] for line in lines), 2),
        "Комментарий": "",
        "Товары": lines,
    }


def _line(random: Random, place: int) -> Row:
    quantity, price = random.randint(1, 20), random.randint(50, 5000)
    return {
        "LineNumber": str(place),
        "Номенклатура_Key": reference("goods", random.randrange(400)),
        "Количество": quantity,
        "Цена": price,
        "Сумма": quantity * price,
    }


def _rates(random: Random, days: int) -> EntitySet:
    rows: list[Row] = []
    for number, first in ((1, 90.0), (2, 98.0)):
        rate = first
        for day in range(days):
            rate = round(rate + random.uniform(-0.5, 0.5), 4)
            period = datetime(2025, 1, 1) + timedelta(days=day)  # noqa: DTZ001 - 1C has no time zones
            rows.append(
                {
                    "Period": period.isoformat(timespec="seconds"),
                    "Валюта_Key": reference("currency", number),
                    "Курс": rate,
                    "Кратность": "1",
                }
            )
    properties = {
        "Period": "Edm.DateTime",
        "Валюта_Key": "Edm.Guid",
        "Курс": "Edm.Double",
        "Кратность": "Edm.Int64",
    }
    return EntitySet(("Period", "Валюта_Key"), properties, rows)


def _movements(base: Base) -> EntitySet:
    """The movements of the posted documents: receipts add goods and sales remove them."""
    rows = [
        _movement(name, kind, document, line)
        for name, kind in ((RECEIPTS, "Receipt"), (SALES, "Expense"))
        for document in base.entity_sets[name].rows
        if document["Posted"]
        for line in document["Товары"]
    ]
    properties = {
        "Recorder": "Edm.Guid",
        "Recorder_Type": "Edm.String",
        "LineNumber": "Edm.Int64",
        "Period": "Edm.DateTime",
        "Active": "Edm.Boolean",
        "RecordType": "Edm.String",
        "Склад_Key": "Edm.Guid",
        "Номенклатура_Key": "Edm.Guid",
        "Количество": "Edm.Double",
    }
    return EntitySet(("Recorder", "LineNumber"), properties, rows)


def _movement(name: str, kind: str, document: Row, line: Row) -> Row:
    return {
        "Recorder": document["Ref_Key"],
        "Recorder_Type": f"StandardODATA.{name}",
        "LineNumber": line["LineNumber"],
        "Period": document["Date"],
        "Active": True,
        "RecordType": kind,
        "Склад_Key": document["Склад_Key"],
        "Номенклатура_Key": line["Номенклатура_Key"],
        "Количество": line["Количество"],
    }
