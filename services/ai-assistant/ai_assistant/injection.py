"""Finds signs of prompt injection in a user's text.

The service answers a request with a sign all the same: the models have no rights of their own here, and an
honest question about the subject has the same words. The service reports the signs to the platform's
administrators, who can look at users with many of them. The signs find only clumsy attempts; their absence
proves nothing.

| marker | what it finds |
|---|---|
| `ignore_instructions` | a call to ignore, forget or override earlier instructions or rules |
| `reveal_prompt` | a question for the system prompt or the hidden instructions |
| `new_identity` | a role without limits: "you are now DAN", "developer mode", "without any restrictions" |
| `forged_roles` | marks by which models tell who speaks: `<|im_start|>`, `[INST]`, `<system>` |
| `reveal_secrets` | a question for keys, passwords or environment variables of the platform |
| `hidden_text` | invisible characters that carry text: tags, or runs of zero-width characters |
"""

import re
from unicodedata import normalize


def _phrase(*parts: str) -> str:
    """A pattern of parts, each a choice of word beginnings, with a few words between the parts.

    The gaps are bounded, so that the search takes time in proportion to the length of the text.
    """
    return r"\b" + r"\w*\W+(?:\w+\W+){0,4}?".join(f"(?:{part})" for part in parts)


# For each marker the patterns of both languages. A word that is common in honest questions counts only next
# to another: people ask how to "ignore the rule" about exchange rules and access restrictions.
_PATTERNS = {
    "ignore_instructions": (
        _phrase(
            r"ignor|disregard|forget|overrid|bypass",
            r"all|any|your|my|previous|prior|preceding|above|earlier|system",
            r"instruction|rule|prompt|guideline|direction",
        ),
        _phrase(
            r"игнорир|проигнорир|забуд|обойди|нарушь|не\W+обращай\W+внимани|не\W+следуй",
            r"все|сво|тво|ваши|моих|мои|предыдущ|прежн|прошл|системн",
            r"инструкци|указани|правил|промпт|ограничени",
        ),
    ),
    "reveal_prompt": (
        _phrase(
            r"show|reveal|print|repeat|output|tell|give|what\W+(?:is|are|was|were)",
            r"system\W+(?:prompt|message|instruction)|(?:initial|hidden|original)\W+(?:prompt|instruction)",
        ),
        _phrase(
            r"покажи|раскрой|выведи|повтори|напечатай|перескажи|назови|како|каки",
            r"(?:системн|скрыт|начальн|исходн|секретн)\w+\W+(?:промпт|инструкци)",
        ),
    ),
    "new_identity": (
        r"\byou\W+are\W+now\W+(?:dan\b|an?\W+(?:unrestricted|unfiltered|uncensored))",
        _phrase(
            r"act|answer|respond|behave|pretend", r"(?:without|no)\W+(?:any\W+)?(?:restrict|filter|censor)"
        ),
        r"\b(?:enable|enter|activate)\W+(?:developer|god|dan)\W+mode\b|\bjailbreak",
        _phrase(
            r"отвечай|действуй|веди\W+себя|представь|притворись|ты\W+теперь",
            r"(?:без|нет)\W+(?:\w+\W+)?(?:ограничени|цензур|фильтр)",
        ),
        r"\b(?:включи|активируй|перейди\W+в)\W+(?:режим\W+dan|god\W+mode)\b|джейлбрейк",
    ),
    "forged_roles": (
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id)\|>",
        r"\[/?inst\]|<<sys>>|</?(?:system|assistant)>",
        r"^[#\s>*]{0,8}(?:assistant\W{0,3}:|system\W{0,3}:\W{0,3}(?:you|new|ignore|ты|вы|новы))",
    ),
    "reveal_secrets": (
        _phrase(
            r"show|reveal|print|output|tell|give|send|leak",
            r"your|the\W+(?:system|server|platform)",
            r"api\W?key|password|secret|token|credential|environment\W+variable",
        ),
        _phrase(
            r"покажи|раскрой|выведи|назови|пришли|сообщи|дай",
            r"тво|ваш",
            r"парол|секрет|токен|ключ|api\W?ключ|переменн\w+\W+окружени",
        ),
    ),
}
_COMPILED = {name: re.compile("|".join(patterns), re.MULTILINE) for name, patterns in _PATTERNS.items()}
_HIDDEN = "hidden_text"
_TAGS = "\U000e0000-\U000e007f"
_ZERO_WIDTH = "\u200b-\u200f\u2060-\u2064\ufeff"
_HIDDEN_TEXT = re.compile(f"[{_TAGS}]{{3}}|[{_ZERO_WIDTH}]{{8}}")
_INVISIBLE = re.compile(f"[\u00ad{_ZERO_WIDTH}{_TAGS}]")

MARKERS = frozenset({*_PATTERNS, _HIDDEN})


def find_markers(text: str) -> list[str]:
    """The names of the signs in `text`, sorted."""
    plain = _plain(text)
    found = [name for name, pattern in _COMPILED.items() if pattern.search(plain)]
    if _HIDDEN_TEXT.search(text):
        found.append(_HIDDEN)
    return sorted(found)


def _plain(text: str) -> str:
    """The text normalised: one form per letter, lower case, no invisible characters."""
    return _INVISIBLE.sub("", normalize("NFKC", text)).casefold().replace("ё", "е")  # noqa: RUF001 - Russian
