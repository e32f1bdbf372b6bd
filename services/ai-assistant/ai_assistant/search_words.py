"""Chooses the words of a description to search the metadata for.

Names of metadata are joined words (ТоварыНаСкладах), and a description has its words in any grammatical form
(складов, складе), so the search uses only the beginning of a common word. Names do not use the letter ё.
"""

# ruff: noqa: RUF001 - Russian letters are meant

import re

_MOST_WORDS = 12
_MOST_CHARACTERS = 200
_SHORTEST = 3
_SHORTEST_STEM = 4

_WORD = re.compile(r"[^\W\d_][\w]*")
_COMPOUND = re.compile(r"[a-zа-я0-9][A-ZА-Я]|_")
_RUSSIAN = re.compile(r"[а-я]+")
_RUSSIAN_ENDING = re.compile(
    r"(?:иями|ями|ами|ого|его|ому|ему|ыми|ими|иях|ией|ием|ий|ый|ой|ей|ов|ев|ам|ям|ах|ях|ом|ем|ая|яя|ое|ее|ые|ие|их|ых"
    r"|ую|юю|ию|ия|ии|а|я|о|е|ы|и|у|ю|ь|й)$"
)
_ENGLISH_ENDING = re.compile(r"(?:ies|es|s|y)$")

# Words of nearly every description, and kinds of metadata: they would match everything.
_COMMON = """
    a about all an and are as at be by code count create every find for from get give has have in into is it
    its list make me new no not of on or out over per please show sort sum that the their them then there this
    to total use using when where which who with without write
    accounting accumulation business catalog characteristics chart constant document enum exchange function
    information module object plan process procedure query register report selection string table task
    без более был быть все всех вывести выбрать где дай для его если есть или как какой когда который которые
    которых между меня мне надо напиши написать нет нужен нужно они она оно отбор отобрать под получи получить
    пожалуйста покажи показать после при про сделай сделать сгруппируй создай создать сортировка список также
    так там тех того только условие что чтобы это этот
    регистрбухгалтерии регистрнакопления регистррасчета регистрсведений бизнеспроцесс журналдокументов
    планвидоврасчета планвидовхарактеристик планобмена плансчетов
    бизнес запрос константа документ задача модуль накопления обмена обработка объект отчет перечисление
    план процедура процесс расчета регистр регистра сведений справочник справочника строка таблица функция
"""
_TOO_COMMON = frozenset(_COMMON.split())


def search_words(description: str) -> list[str]:
    """The distinct words to search for, in their order, up to a limit."""
    words: list[str] = []
    length = 0
    for match in _WORD.finditer(description):
        word = match.group().replace("ё", "е").replace("Ё", "Е")
        if len(word) < _SHORTEST or word.lower() in _TOO_COMMON:
            continue
        stem = word if _COMPOUND.search(word) else _stem(word.lower())
        if stem in words or stem in _TOO_COMMON_STEMS:
            continue
        length += len(stem) + 1
        if length > _MOST_CHARACTERS or len(words) == _MOST_WORDS:
            break
        words.append(stem)
    return words


def _stem(word: str) -> str:
    ending = _RUSSIAN_ENDING if _RUSSIAN.fullmatch(word) else _ENGLISH_ENDING
    stem = ending.sub("", word)
    return stem if len(stem) >= _SHORTEST_STEM else word


_TOO_COMMON_STEMS = frozenset(_stem(word) for word in _TOO_COMMON if len(word) > _SHORTEST_STEM)
