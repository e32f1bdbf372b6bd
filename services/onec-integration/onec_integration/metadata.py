"""Which entity sets a base publishes, and their keys, from its `$metadata`.

The document of a real configuration has tens of megabytes, so it is read as it arrives and never kept.
"""

from lxml import etree  # type: ignore[import-untyped]
from pydantic import BaseModel

from onec_integration import errors


class EntitySet(BaseModel):
    name: str
    key: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.name.partition("_")[0]


class Schema(BaseModel):
    entity_sets: dict[str, EntitySet]


class _DocumentTypeError(Exception):
    """The document brings a DTD: only a hostile one does."""


class _Target:
    """Takes what matters from the parser's calls."""

    def __init__(self) -> None:
        self.keys: dict[str, list[str]] = {}
        self.sets: dict[str, str] = {}
        self._type: str | None = None

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise _DocumentTypeError

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition("}")[2]
        if element == "EntityType":
            self._type = attributes.get("Name")
        elif element == "PropertyRef" and self._type:
            self.keys.setdefault(self._type, []).append(attributes.get("Name", ""))
        elif element == "EntitySet":
            self.sets[attributes.get("Name", "")] = attributes.get("EntityType", "").rpartition(".")[2]

    def end(self, tag: str) -> None:
        if tag.rpartition("}")[2] == "EntityType":
            self._type = None

    def close(self) -> "_Target":
        return self


class MetadataParser:
    """Feed it the document in pieces, then close it. No entity is resolved and nothing is fetched."""

    def __init__(self) -> None:
        self._target = _Target()
        self._parser = etree.XMLParser(
            target=self._target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.feed(chunk)
        except (etree.XMLSyntaxError, _DocumentTypeError) as error:
            raise _unreadable() from error

    def close(self) -> Schema:
        try:
            self._parser.close()
        except (etree.XMLSyntaxError, _DocumentTypeError) as error:
            raise _unreadable() from error
        keys = self._target.keys
        found = {
            name: EntitySet(name=name, key=tuple(keys[type_]))
            for name, type_ in self._target.sets.items()
            if name and type_ in keys
        }
        return Schema(entity_sets=dict(sorted(found.items())))


def _unreadable() -> errors.OneCError:
    return errors.unexpected("The metadata of 1C cannot be read.")
