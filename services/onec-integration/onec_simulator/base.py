# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""The data of a simulated base and the behaviour of its server."""

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4, uuid5

type Row = dict[str, Any]

NO_REFERENCE = str(UUID(int=0))
NO_DATE = "0001-01-01T00:00:00"
COMPANIES = "Catalog_Организации"
SALES = "Document_РеализацияТоваровУслуг"
RATES = "InformationRegister_КурсыВалют"
OBJECT = {"Ref_Key": "Edm.Guid", "DataVersion": "Edm.String", "DeletionMark": "Edm.Boolean"}
"""The properties every object of a catalog and every document begins with."""
LINES = "Collection(StandardODATA.RowType)"
_NAMES = ("Ромашка", "Лютик", "Василёк", "Ёлочка", "Берёза")
_NAMESPACE = UUID("6f1d1b52-0000-4000-8000-000000000001")
_REMEMBERED_REQUESTS = 1000


def reference(kind: str, number: int) -> str:
    """The reference of an object, the same in every new base."""
    return str(uuid5(_NAMESPACE, f"{kind}-{number}"))


def data_version(number: int) -> str:
    return b64encode(struct.pack(">II", number, 0)).decode()


@dataclass
class EntitySet:
    key: tuple[str, ...]
    properties: dict[str, str]
    """Their types by name."""
    rows: list[Row]


@dataclass
class Request:
    """A client's request, for tests to inspect."""

    method: str
    path: str
    query: dict[str, str]
    session: str | None
    user: str | None
    request_id: str | None = None


@dataclass
class Base:
    """Tests change the fields to control the server's behaviour."""

    username: str = "Интегратор"
    password: str = "пароль"  # noqa: S105 - of a simulator
    max_sessions: int = 10
    session_idle_seconds: float = 300
    entity_sets: dict[str, EntitySet] = field(default_factory=dict)
    hidden_by_rights: set[str] = field(default_factory=set)
    """Entity sets of which row-level security shows the user every third row only."""
    delay_seconds: float = 0
    answers_left: int | None = None
    """How many more requests are answered; the others wait, without end. None: all are."""
    seconds_a_skipped_row: float = 0
    """1C looks at each row that `$skip` passes over."""
    failures: list[int] = field(default_factory=list)
    """Statuses for the next requests instead of answers; 0 lets one through."""
    refusal: tuple[int, str, str] | None = None
    """Status, code and text with which the interface refuses whatever is asked of an entity set."""
    redirect_to: str | None = None
    byte_order_mark: bool = False
    garbage: bytes | None = None
    count_ignores_paging: bool = False
    """Whether `$inlinecount` makes the server forget `$top` and `$skip`, as the manual of 1C says it does."""
    sessions: dict[str, float] = field(default_factory=dict)
    """When each session was used last, by its token."""
    busy: int = 0
    most_busy: int = 0
    writes: int = 1
    requests: list[Request] = field(default_factory=list)

    def start_session(self) -> str | None:
        """Start a session; None when no licence is left."""
        now = monotonic()
        for token, used in list(self.sessions.items()):
            if now - used > self.session_idle_seconds:
                del self.sessions[token]
        if len(self.sessions) >= self.max_sessions:
            return None
        token = str(uuid4())
        self.sessions[token] = now
        return token

    def note(self, request: Request) -> None:
        """Store a request; keeps only the latest ones."""
        if len(self.requests) >= _REMEMBERED_REQUESTS:
            del self.requests[: _REMEMBERED_REQUESTS // 2]
        self.requests.append(request)

    def change(self, row: Row, values: Row) -> None:
        """Write an object, which gives it a new version."""
        self.writes += 1
        row.update(values, DataVersion=data_version(self.writes))

    def add_companies(self, count: int, deleted: Sequence[int] = ()) -> None:
        rows = [_company(number, marked=number in deleted) for number in range(count)]
        properties = {
            **OBJECT,
            "Code": "Edm.String",
            "Description": "Edm.String",
            "НаименованиеПолное": "Edm.String",
            "ИНН": "Edm.String",
            "КПП": "Edm.String",
            "ДатаРегистрации": "Edm.DateTime",
        }
        self.entity_sets[COMPANIES] = EntitySet(("Ref_Key",), properties, rows)

    def add_sales(self, count: int) -> None:
        rows = [
            {
                "Ref_Key": reference("sale", number),
                "DataVersion": data_version(1),
                "DeletionMark": False,
                "Number": f"{number:09}",
                "Date": f"2026-{1 + number % 12:02}-15T10:00:00",
                "Posted": True,
                "СуммаДокумента": 1000.25 + number,
                "Товары": [{"LineNumber": "1", "Количество": 2, "Номенклатура_Key": NO_REFERENCE}],
            }
            for number in range(count)
        ]
        properties = {
            **OBJECT,
            "Number": "Edm.String",
            "Date": "Edm.DateTime",
            "Posted": "Edm.Boolean",
            "СуммаДокумента": "Edm.Double",
            "Товары": LINES,
        }
        self.entity_sets[SALES] = EntitySet(("Ref_Key",), properties, rows)

    def add_rates(self, count: int) -> None:
        """Add rows of a register, which have neither reference nor version."""
        rows = [
            {
                "Period": f"2026-01-{1 + number:02}T00:00:00",
                "Валюта_Key": reference("currency", 1),
                "Курс": 90 + number / 10,
            }
            for number in range(count)
        ]
        key = ("Period", "Валюта_Key")
        properties = {"Period": "Edm.DateTime", "Валюта_Key": "Edm.Guid", "Курс": "Edm.Double"}
        self.entity_sets[RATES] = EntitySet(key, properties, rows)


def _company(number: int, *, marked: bool) -> Row:
    name = f"{_NAMES[number % len(_NAMES)]} {number:04}"
    return {
        "Ref_Key": reference("company", number),
        "DataVersion": data_version(1),
        "DeletionMark": marked,
        "Code": f"{number:09}",
        "Description": f"{name} ООО",
        "НаименованиеПолное": f'Общество с ограниченной ответственностью "{name}"',
        "ИНН": f"77{number:08}",
        "КПП": "",
        "ДатаРегистрации": NO_DATE,
    }
