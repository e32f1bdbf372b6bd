import re
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from assistants_common.schemas import FilledText, SafeText

ADAPTERS: dict[str, TypeAdapter[str]] = {
    "safe": TypeAdapter(SafeText),
    "filled": TypeAdapter(FilledText),
    "short": TypeAdapter(Annotated[SafeText, Field(max_length=3)]),
}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("safe", "  Иван\n", "Иван"),
        ("safe", " ", ""),
        ("safe", "two\nlines", "two\nlines"),
        ("filled", "\ta b ", "a b"),
        ("short", "  abc  ", "abc"),
    ],
)
def test_text_is_stripped(kind: str, text: str, expected: str) -> None:
    assert ADAPTERS[kind].validate_python(text) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(
            (kind, text)
            for kind in ("safe", "filled")
            for text in ("\x00", "a\x00b", "ab\x00", "a\n\x00", 5, None)
        ),
        *(("filled", text) for text in ("", " ", "\n\t", "\u00a0", "\u2003")),
        ("short", "abcd"),
    ],
)
def test_other_text_is_refused(kind: str, value: Any) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError):
        ADAPTERS[kind].validate_python(value)


@pytest.mark.parametrize(
    "text", ["a", "", " ", "\x00", "a\x00", "\x00a", " a ", "\n", "a\n\x00", "\u2003", "Ж"]
)
def test_the_description_says_what_is_taken(text: str) -> None:
    """A caller's check by the schema gives the same result as the service's."""
    for kind in ("safe", "filled"):
        schema = ADAPTERS[kind].json_schema()
        described = bool(re.search(schema["pattern"], text)) and len(text) >= schema.get("minLength", 0)
        try:
            ADAPTERS[kind].validate_python(text)
            taken = True
        except ValidationError:
            taken = False
        assert described == taken
