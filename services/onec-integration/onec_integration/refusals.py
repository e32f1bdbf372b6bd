"""Reads 1C's reason for a refusal."""

import re
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from onec_integration import json_text

_MAX_TEXT = 500
_MAX_CODE = 40
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\s]+")
NO_ENTITY_SET = "8"
"""The code for an entity set that the base does not have or does not publish."""

_CUT_OFF = re.compile(rb'^[^{]{0,3}\{\s*"odata\.error"')
_CODE = re.compile(r'"code"\s*:\s*"([^"]*)"')
_VALUE = re.compile(r'"value"\s*:\s*"((?:[^"\\]|\\.)*)')


@dataclass(frozen=True)
class Refusal:
    """The reason in an answer. `code`: the OData interface's code; None when another layer refused."""

    code: str | None
    text: str

    def __str__(self) -> str:
        return f"{self.text} (code {self.code})" if self.code else self.text


def read(body: bytes, content_type: str = "") -> Refusal | None:
    """The reason in the body of an error: `odata.error` of JSON, `error` of XML, or a plain text."""
    found = _of_json(body) or _of_xml(body)
    if found is None and content_type.startswith("text/plain"):
        text = _line(body.decode("utf-8", "replace"))
        return Refusal(None, text) if text else None
    return found


def _of_json(body: bytes) -> Refusal | None:
    try:
        document = json_text.loads(body)
    except ValueError:
        return _of_cut_off_json(body) if _CUT_OFF.match(body) else None
    return of_document(document)


def _of_cut_off_json(body: bytes) -> Refusal:
    """The reason from truncated JSON: the client reads only the start of long errors with a stack."""
    text = body.decode("utf-8", "replace")
    code, value = _CODE.search(text), _VALUE.search(text)
    return Refusal(_code(code and code[1]), _line(value[1] if value else ""))


def of_document(document: object) -> Refusal | None:
    """The reason in a JSON document; None when it is another document."""
    if not isinstance(document, dict) or "odata.error" not in document:
        return None
    error = document["odata.error"]
    if not isinstance(error, dict):
        return Refusal("", _line(str(error)))
    message = error.get("message")
    text = message.get("value") if isinstance(message, dict) else message
    return Refusal(_code(error.get("code")), _line(str(text or "")))


def _of_xml(body: bytes) -> Refusal | None:
    """The error of an Atom answer. The answer may be truncated, so the parser is lenient."""
    if b"<" not in body[:200]:
        return None
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or _name(root) != "error":
        return None
    texts = {_name(child): child.text or "" for child in root if isinstance(child.tag, str)}
    return Refusal(_code(texts.get("code")), _line(texts.get("message", "")))


def _name(element: etree._Element) -> str:
    """The element's name without namespace or undeclared prefix."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _code(value: object) -> str:
    return _line(str(value if value is not None else ""))[:_MAX_CODE]


def _line(text: str) -> str:
    """Untrusted text as one line of bounded length."""
    line = _UNPRINTABLE.sub(" ", text).strip()
    return line if len(line) <= _MAX_TEXT else f"{line[:_MAX_TEXT]}…"
