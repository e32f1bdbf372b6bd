"""Reduces schemathesis's output to the parts that reproduce a failure."""

import re
from collections.abc import Mapping

_RULE = re.compile(r"^={3,} (?P<title>[A-Z ]+) ={3,}$", re.MULTILINE)
_SHOWN = ("FAILURES", "ERRORS")
_NOISE = re.compile(r"^(    st replay \w+|Identity: .*)\n\n?", re.MULTILINE)
_TEST_CASE = re.compile(r"^(\d+)\. Test Case ID: \w+$", re.MULTILINE)
_AUTHORIZATION = re.compile(r"'Authorization: Bearer (?P<token>[\w-]+\.[\w-]+\.[\w-]+)'")
_OPERATION = re.compile(r"^_{3,} .* _{3,}$", re.MULTILINE)


def failures_in(output: str) -> str:
    """The sections with failures; the whole output when there is none, because then the run itself failed."""
    parts = _RULE.split(output)
    sections = [body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title in _SHOWN]
    text = _TEST_CASE.sub(r"\1.", _NOISE.sub("", "\n".join(sections)))
    return text.strip() or output.strip()


def with_variables(text: str, url: str, tokens: Mapping[str, str], caller: str) -> str:
    """The curl commands with $URL and $..._TOKEN instead of values that are valid only during the run.

    An unknown token belongs to `caller`, who got it by another login.
    """
    names = {token: name for name, token in tokens.items()}

    def header(match: re.Match[str]) -> str:
        return f'"Authorization: Bearer ${variable_of(names.get(match["token"], caller))}"'

    text = _AUTHORIZATION.sub(header, text)
    return text.replace(f"'{url}", '"$URL"\'').replace(url, '"$URL"')


def variable_of(identity: str) -> str:
    """The variable with the token of an identity."""
    return f"{identity.upper()}_TOKEN"


def without_known(text: str, known: set[str]) -> str:
    """The operations of `text` that are not in `known`; adds them to `known`."""
    found = []
    titles, bodies = _OPERATION.findall(text), _OPERATION.split(text)[1:]
    if not titles:
        return text
    for title, body in zip(titles, bodies, strict=True):
        key = f"{title} {sorted(re.findall(r'^- ST\d+ .*$', body, re.MULTILINE))}"
        if key not in known:
            known.add(key)
            found.append(f"{title}{body}")
    return "".join(found).strip()
