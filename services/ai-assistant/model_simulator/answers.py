# ruff: noqa: RUF001 - names of 1C are Cyrillic
"""The simulator's rules for its answers. Every answer says that it comes from a simulator."""

import re

from model_simulator.facts import FACTS, Fact

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_CODE = "fenced code block"
"""What the service's instructions say when code is wanted."""
_METADATA = re.compile(r"^- (Catalog|Document)_(\w+):", re.MULTILINE)
_KINDS = {"Catalog": "Справочник", "Document": "Документ"}

RUSSIAN = (
    "Это ответ симулятора, а не языковой модели: ключ провайдера не задан"
    " (OPENAI_API_KEY или ANTHROPIC_API_KEY)."
)
ENGLISH = (
    "This is the answer of a simulator, not of a language model: no provider's key is set"
    " (OPENAI_API_KEY or ANTHROPIC_API_KEY)."
)


def answer(system: str, question: str) -> str:
    if _CODE in system:
        return _code(system, question)
    russian = bool(_CYRILLIC.search(question))
    said = RUSSIAN if russian else ENGLISH
    known = _facts_about(question)
    lines = [_line(fact, russian=russian) for fact in known or FACTS]
    return "\n".join([said, "", _opening(found=bool(known), russian=russian), *lines])


def _facts_about(question: str) -> list[Fact]:
    words = [word.lower() for word in _WORD.findall(question)]
    return [fact for fact in FACTS if any(word.startswith(tuple(fact.words)) for word in words)]


def _line(fact: Fact, *, russian: bool) -> str:
    text = fact.russian if russian else fact.english
    return f"- {fact.entity_set}, {fact.rows}: {text}."


def _opening(*, found: bool, russian: bool) -> str:
    if found:
        return "В демонстрационной базе есть:" if russian else "The demonstration base has:"
    if russian:
        return "Симулятор отвечает только о демонстрационной базе. В ней есть:"
    return "The simulator only answers about the demonstration base, which has:"


def _code(system: str, question: str) -> str:
    """Code that lists the object of the description: the first that the service found in the metadata."""
    comment = f"// {RUSSIAN if _CYRILLIC.search(question) else ENGLISH}"
    query = _query(_object_of(system, question))
    if "Write the text of one query" in system:
        return f"```bsl\n{comment}\n{query}\n```"
    lines = query.replace("\n", "\n\t|")
    body = [
        comment,
        "#Область ПрограммныйИнтерфейс",
        "",
        "// Возвращает таблицу с данными.",
        "Функция ПолучитьДанные() Экспорт",
        f'\tЗапрос = Новый Запрос("{lines}");',
        '\tЗапрос.УстановитьПараметр("ПометкаУдаления", Ложь);',
        "\tВозврат Запрос.Выполнить().Выгрузить();",
        "КонецФункции",
        "",
        "#КонецОбласти",
    ]
    return "\n".join(["```bsl", *body, "```"])


def _object_of(system: str, question: str) -> str:
    if found := _METADATA.search(system):
        kind, name = found.groups()
    else:
        known = (fact.entity_set for fact in _facts_about(question))
        kind, name = next(
            (item for item in known if item.startswith(tuple(_KINDS))), FACTS[0].entity_set
        ).split("_", 1)
    return f"{_KINDS[kind]}.{name}"


def _query(table: str) -> str:
    return "\n".join(
        [
            "ВЫБРАТЬ",
            "\tДанные.Ссылка КАК Ссылка",
            "ИЗ",
            f"\t{table} КАК Данные",
            "ГДЕ",
            "\tДанные.ПометкаУдаления = &ПометкаУдаления",
        ]
    )
