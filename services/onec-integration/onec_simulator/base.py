# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""The data of a simulated base and the behaviour of its server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4, uuid5

type Row = dict[str, Any]

NO_REFERENCE = str(UUID(int=0))
NO_DATE = "0001-01-01T00:00:00"
COMPANIES = "Catalog_Организации"
SALES = "Document_РеализацияТоваровУслуг"
RATES = "InformationRegister_КурсыВалют"
_NAMES = ("Ромашка", "Лютик", "Василёк", "Ёлочка", "Берёза")
_NAMESPACE = UUID("6f1d1b52-0000-4000-8000-000000000001")


@dataclass
class EntitySet:
    key: tuple[str, ...]
    properties: tuple[str, ...]
    rows: list[Row]


@dataclass
class Request:
    """What a client asked, for a test to look at."""

    method: str
    path: str
    query: dict[str, str]
    session: str | None
    user: str | None


@dataclass
class Base:
    """A test changes the fields to make the server behave as it needs."""

    username: str = "Интегратор"
    password: str = "пароль"  # noqa: S105 - of a simulator
    max_sessions: int = 10
    entity_sets: dict[str, EntitySet] = field(default_factory=dict)
    hidden_by_rights: set[str] = field(default_factory=set)
    delay_seconds: float = 0
    failures: list[int] = field(default_factory=list)
    """Statuses for the next requests instead of answers; 0 lets one through."""
    redirect_to: str | None = None
    byte_order_mark: bool = False
    garbage: bytes | None = None
    sessions: set[str] = field(default_factory=set)
    busy: int = 0
    most_busy: int = 0
    requests: list[Request] = field(default_factory=list)

    def start_session(self) -> str | None:
        """A new session, or None when no licence is left."""
        if len(self.sessions) >= self.max_sessions:
            return None
        token = str(uuid4())
        self.sessions.add(token)
        return token

    def add_companies(self, count: int, deleted: Sequence[int] = ()) -> None:
        rows = [_company(number, marked=number in deleted) for number in range(count)]
        properties = ("Ref_Key", "DataVersion", "DeletionMark", "Code", "Description", "ИНН", "КПП")
        self.entity_sets[COMPANIES] = EntitySet(
            ("Ref_Key",), (*properties, "НаименованиеПолное", "ДатаРегистрации"), rows
        )

    def add_sales(self, count: int) -> None:
        rows = [
            {
                "Ref_Key": str(uuid5(_NAMESPACE, f"sale-{number}")),
                "DataVersion": "AAAAAQAAAAA=",
                "DeletionMark": False,
                "Number": f"{number:09}",
                "Date": f"2026-{1 + number % 12:02}-15T10:00:00",
                "Posted": True,
                "СуммаДокумента": 1000.25 + number,
                "Товары": [{"LineNumber": "1", "Количество": 2, "Номенклатура_Key": NO_REFERENCE}],
            }
            for number in range(count)
        ]
        properties = ("Ref_Key", "DataVersion", "DeletionMark", "Number", "Date", "Posted")
        self.entity_sets[SALES] = EntitySet(("Ref_Key",), (*properties, "СуммаДокумента"), rows)

    def add_rates(self, count: int) -> None:
        """A register: its rows have no reference and no version."""
        rows = [
            {
                "Period": f"2026-01-{1 + number:02}T00:00:00",
                "Валюта_Key": str(uuid5(_NAMESPACE, "usd")),
                "Курс": 90 + number / 10,
            }
            for number in range(count)
        ]
        key = ("Period", "Валюта_Key")
        self.entity_sets[RATES] = EntitySet(key, (*key, "Курс"), rows)


def _company(number: int, *, marked: bool) -> Row:
    name = f"{_NAMES[number % len(_NAMES)]} {number:04}"
    return {
        "Ref_Key": str(uuid5(_NAMESPACE, f"company-{number}")),
        "DataVersion": "AAAAAQAAAAA=",
        "DeletionMark": marked,
        "Code": f"{number:09}",
        "Description": f"{name} ООО",
        "НаименованиеПолное": f'Общество с ограниченной ответственностью "{name}"',
        "ИНН": f"77{number:08}",
        "КПП": "",
        "ДатаРегистрации": NO_DATE,
    }
