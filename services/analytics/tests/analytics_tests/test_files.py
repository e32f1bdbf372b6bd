"""Workbooks and pictures."""

import io
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.workbook import Workbook  # type: ignore[import-untyped]
from PIL import Image

from analytics.rendering.png import to_png
from analytics.rendering.worker import draw
from analytics.rendering.xlsx import to_xlsx
from assistants_common.tokens import Role
from assistants_testing.plugin import AuthHeaders

from .conftest import AddEvent

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = '=HYPERLINK("http://evil.test","x")'


@pytest.fixture(autouse=True)
async def _clean(clean_tables: None) -> None:
    """Every test has its own events."""


@pytest.fixture
async def events(add_event: AddEvent) -> None:
    """Three models; one has no price and a name that tries to be a formula, one is Russian."""
    models = (("gpt-4", 1000), (FORMULA, 7), ("Модель «Алиса» $x^{$ https://evil.test", 30))
    for number, (model, tokens) in enumerate(models):
        data = {"provider": "openai", "model": model, "input_tokens": tokens, "output_tokens": 500}
        await add_event("ai.usage", data, time=f"2025-01-0{number + 1}T12:00Z", user_id=uuid4())


async def generate(
    client: httpx.AsyncClient, auth_headers: AuthHeaders, format_: str, **body: object
) -> httpx.Response:
    request = {"kind": "cost", "from": "2025-01-01", "to": "2025-01-31", "format": format_} | body
    answer = await client.post(
        "/reports/generate", json=request, headers=auth_headers(role=Role.ANALYST), timeout=60
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (
        answer.headers["content-disposition"]
        == f'attachment; filename="cost-2025-01-01-2025-01-31.{format_}"'
    )
    return answer


def workbook(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


@pytest.mark.usefixtures("events")
async def test_a_workbook_has_typed_cells(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    answer = await generate(client, auth_headers, "xlsx")
    assert answer.headers["content-type"] == XLSX
    book = workbook(answer.content)
    assert book.sheetnames == ["Summary", "Data", "Chart data"]
    data = book["Data"]
    header, first, *_ = data.iter_rows()
    assert [cell.value for cell in header] == [
        "Date",
        "Provider",
        "Model",
        "AI requests",
        "Prompt tokens",
        "Completion tokens",
        "Cost, USD",
    ]
    assert [cell.value for cell in first] == [datetime(2025, 1, 1), "openai", "gpt-4", 1, 1000, 500, 0.06]  # noqa: DTZ001 - Excel knows no time zones
    assert [cell.data_type for cell in first] == ["d", "s", "s", "n", "n", "n", "n"]
    assert (first[0].number_format, first[3].number_format) == ("yyyy-mm-dd", "#,##0")
    assert (data.freeze_panes, data.auto_filter.ref) == ("A2", "A1:G4")
    assert book["Chart data"].freeze_panes == "A2"


@pytest.mark.usefixtures("events")
async def test_no_text_is_a_formula_in_a_workbook(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    book = workbook((await generate(client, auth_headers, "xlsx", title="=1+1")).content)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    values = [cell.value for cell in cells]
    assert FORMULA in values
    assert "=1+1" in values
    data = book["Data"]
    assert [cell.value for cell in data["G"]] == ["Cost, USD", 0.06, None, None]


@pytest.mark.usefixtures("events")
async def test_a_workbook_has_charts_of_its_own_figures(
    client: httpx.AsyncClient, auth_headers: AuthHeaders
) -> None:
    book = workbook((await generate(client, auth_headers, "xlsx", language="ru")).content)
    assert book.sheetnames == ["Сводка", "Данные", "Данные графиков"]
    charts: list[Any] = book["Сводка"]._charts
    assert len(charts) == 2
    (cost,) = charts[0].series
    assert cost.val.numRef.f == "'Данные графиков'!$B$2:$B$32"
    assert cost.cat.numRef.f == "'Данные графиков'!$A$2:$A$32"
    source = book["Данные графиков"]
    assert source["B1"].value == "gpt-4"
    assert [source.cell(row, 2).value for row in (2, 3)] == [0.06, 0]
    summary = [[cell.value for cell in row] for row in book["Сводка"].iter_rows(max_col=2)]
    assert summary[0][0] == "Стоимость ИИ"
    assert ["Стоимость, USD", 0.06] in summary
    assert ["Запросы без цены", 2] in summary


async def test_an_empty_workbook_says_so(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    book = workbook((await generate(client, auth_headers, "xlsx")).content)
    texts = [cell.value for row in book["Summary"].iter_rows() for cell in row]
    assert "Nothing happened in this period." in texts
    assert book["Data"].max_row == 1


@pytest.mark.usefixtures("events")
async def test_a_picture(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    answer = await generate(client, auth_headers, "png", language="ru", title="Стоимость ИИ, $x_$ и \\frac")
    assert answer.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (1200, 675)
        colors = picture.convert("RGB").getcolors(1 << 20)
    assert colors is not None
    assert (47, 111, 222) in {color for _, color in colors}
    assert len(answer.content) < 200_000


async def test_an_empty_picture_is_drawn(client: httpx.AsyncClient, auth_headers: AuthHeaders) -> None:
    for group in ("day", "month"):
        answer = await generate(client, auth_headers, "png", group=group)
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (1200, 675)


def document(**changes: object) -> Any:  # noqa: ANN401 - a Document
    steps = [f"2025-01-{day:02}" for day in range(1, 32)]
    parts = [
        {"name": str(part), "label": f"Модель {part} " + "x" * 40 * (part % 2), "values": [1.5e6 * part] * 31}
        for part in range(8)
    ]
    chart = {
        "name": "x",
        "title": "Запросы",
        "x_label": "день",
        "y_label": "запросы",
        "steps": steps,
        "series": parts,
    }
    small = {**chart, "series": [{"name": "y", "label": "y", "values": [0.004, 0.01] + [0] * 29}]}
    return {
        "language": "ru",
        "title": "Очень длинное название " * 8,
        "subtitle": "Период",
        "created": "2025-02-01T10:00:00+03:00",
        "facts": [{"label": "Очень длинная подпись числа", "value": 1e12, "kind": "integer"}] * 8,
        "columns": [{"name": "model", "label": "Модель", "kind": "text"}],
        "rows": [["x"]],
        "charts": [chart, small],
        "notes": ["Примечание " * 100],
        **changes,
    }


@pytest.mark.parametrize("draw_it", [to_png, to_xlsx])
def test_the_same_report_gives_the_same_file(draw_it: Any) -> None:  # noqa: ANN401 - either of two functions
    assert draw_it(document()) == draw_it(document())


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("highest", [0, 0.0004, 0.5, 9, 9_999, 10_000, 2.5e6, 3e9])
def test_every_size_of_numbers_can_be_drawn(language: str, highest: float) -> None:
    drawn = document(language=language)
    drawn["charts"][1]["series"][0]["values"][0] = highest
    with Image.open(io.BytesIO(draw("png", drawn))) as picture:
        assert picture.size == (1200, 675)


def test_a_report_without_charts_is_drawn() -> None:
    with Image.open(io.BytesIO(draw("png", document(charts=[], facts=[], notes=[])))) as picture:
        assert picture.size == (1200, 675)
    assert workbook(draw("xlsx", document(charts=[], columns=[], rows=[]))).sheetnames == ["Сводка", "Данные"]
