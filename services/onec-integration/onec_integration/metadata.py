"""Reads the entity sets of a base, with their keys and fields, from its `$metadata`.

The document of a real configuration has tens of megabytes, so the service parses it as it arrives and never
keeps it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property

from lxml import etree  # type: ignore[import-untyped]
from pydantic import BaseModel

from onec_integration import errors
from onec_integration.odata import ENTITY_SET_PATTERN

MAX_FIELDS = 400_000
"""Over all entity sets: several times what the largest configurations have."""

MAX_FIELDS_OF_A_SET = 2000
_ALWAYS = frozenset({"Ref_Key", "DataVersion", "LineNumber", "Date", "Period", "Code", "Description"})
"""Properties of the platform that decide how a set is read, so that they count beyond the limit, too."""

_MAX_NAME = 255
_ENTITY_SET = re.compile(ENTITY_SET_PATTERN)
_REFERENCE, _VERSION, _LINE = "Ref_Key", "DataVersion", "LineNumber"
_ROOT, _SCHEMA = "Edmx", "Schema"
_ROWS_OF_A_REGISTER = "_RecordType"
_SAME_NAME, _IN_NAME, _IN_FIELD = 8, 4, 1


class EntitySet(BaseModel):
    name: str
    key: tuple[str, ...]
    fields: dict[str, str] = {}
    """Their types by name."""

    owner: str | None = None
    """The entity set whose objects have this one as a table."""

    @property
    def kind(self) -> str:
        return self.name.partition("_")[0]

    @property
    def title(self) -> str:
        """The name as 1C shows it: a table has its owner and a dot before its name."""
        name = self.name.partition("_")[2]
        if self.kind.endswith("Register"):
            return name.removesuffix(_ROWS_OF_A_REGISTER)
        if self.owner is None:
            return name
        table = self.name.removeprefix(f"{self.owner}_")
        return f"{name.removesuffix(f'_{table}')}.{table}"

    @cached_property
    def searched(self) -> tuple[str, str, str]:
        """The name, the title and the names of the fields, in the form for comparison with words."""
        return self.name.casefold(), self.title.casefold(), " ".join(self.fields).casefold()

    @property
    def has_references(self) -> bool:
        """Whether a row is an object with a reference."""
        return self.key == (_REFERENCE,)

    @property
    def has_dates(self) -> bool:
        """Whether a row is a document: a document's tables have a line number instead of a date."""
        is_document = self.kind == "Document" and self.has_references
        return is_document and self.fields.get("Date") == "Edm.DateTime"

    @property
    def is_table(self) -> bool:
        return self.key == (_REFERENCE, _LINE)

    @property
    def has_versions(self) -> bool:
        """Whether objects have a version, which shows a change."""
        return self.has_references and _VERSION in self.fields


class Schema(BaseModel):
    entity_sets: dict[str, EntitySet]

    def search(self, words: Sequence[str]) -> list[EntitySet]:
        """The entity sets with one of the words in their or a field's name, best first; all without words."""
        if not words:
            return list(self.entity_sets.values())
        folded = [word.casefold() for word in words]
        scored = ((_score(entity_set, folded), entity_set) for entity_set in self.entity_sets.values())
        found = [(score, entity_set) for score, entity_set in scored if score]
        found.sort(key=lambda item: (-item[0], item[1].name))
        return [entity_set for _, entity_set in found]


def _score(entity_set: EntitySet, words: Sequence[str]) -> int:
    name, title, fields = entity_set.searched
    return sum(
        _SAME_NAME if word in {name, title} else _IN_NAME if word in name else _IN_FIELD * (word in fields)
        for word in words
    )


class _DocumentTypeError(Exception):
    """The document has a DTD: only a hostile document does."""


class _TooMuchError(Exception):
    """The document has more fields than any real configuration."""


class _OtherDocumentError(Exception):
    """The document is not metadata: a login page, a list of entity sets, a feed."""


_UNREADABLE = (etree.XMLSyntaxError, _DocumentTypeError, _TooMuchError, _OtherDocumentError)


class _Target:
    """Collects the entity sets from the parser's calls."""

    def __init__(self) -> None:
        self.has_root = False
        self.has_schema = False
        self.keys: dict[str, list[str]] = {}
        self.fields: dict[str, dict[str, str]] = {}
        self.sets: dict[str, str] = {}
        self._type: str | None = None
        self._count = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise _DocumentTypeError

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element, name = tag.rpartition("}")[2], attributes.get("Name", "")
        if not self.has_root and element != _ROOT:
            raise _OtherDocumentError
        self.has_root = True
        self.has_schema = self.has_schema or element == _SCHEMA
        if element == "EntityType":
            self._type = name or None
        elif element == "EntitySet":
            self.sets[name] = attributes.get("EntityType", "").rpartition(".")[2]
        elif self._type is not None and 0 < len(name) <= _MAX_NAME:
            self._start_in_type(self._type, element, name, attributes)

    def _start_in_type(self, type_: str, element: str, name: str, attributes: dict[str, str]) -> None:
        if element == "PropertyRef":
            self.keys.setdefault(type_, []).append(name)
        elif element == "Property":
            fields = self.fields.setdefault(type_, {})
            if len(fields) < MAX_FIELDS_OF_A_SET or name in _ALWAYS:
                fields[name] = attributes.get("Type", "")[:_MAX_NAME]
                self._count += 1
            if self._count > MAX_FIELDS:
                raise _TooMuchError

    def end(self, tag: str) -> None:
        if tag.rpartition("}")[2] == "EntityType":
            self._type = None

    def close(self) -> "_Target":
        return self


class MetadataParser:
    """Feed the document in pieces, then close the parser. It resolves no entities and fetches nothing."""

    def __init__(self) -> None:
        self._target = _Target()
        self._parser = etree.XMLParser(
            target=self._target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.feed(chunk)
        except _UNREADABLE as error:
            raise _unreadable() from error

    def close(self) -> Schema:
        try:
            self._parser.close()
            if not self._target.has_schema:
                raise _OtherDocumentError
        except _UNREADABLE as error:
            raise _unreadable() from error
        return _schema(self._target)


def _schema(target: _Target) -> Schema:
    found = {
        name: EntitySet(name=name, key=tuple(target.keys[type_]), fields=target.fields.get(type_, {}))
        for name, type_ in target.sets.items()
        if type_ in target.keys and _ENTITY_SET.fullmatch(name)
    }
    for entity_set in found.values():
        if entity_set.is_table:
            entity_set.owner = _owner(entity_set.name, found)
    return Schema(entity_sets=dict(sorted(found.items())))


def _owner(name: str, sets: Mapping[str, EntitySet]) -> str | None:
    """The longest prefix before an underscore that names a set of objects: names contain underscores too."""
    while "_" in name:
        name = name.rpartition("_")[0]
        if name in sets and sets[name].has_references:
            return name
    return None


def _unreadable() -> errors.OneCError:
    return errors.unexpected(
        "The metadata of 1C cannot be read: it is broken, or the answer is another page."
    )
