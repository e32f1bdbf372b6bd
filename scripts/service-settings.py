"""Prints the settings of the Python services as JSON: what the manifests may set, for services/settings.json."""

import importlib
import json
import sys
from typing import Any

from pydantic import SecretStr, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python
from pydantic_settings import BaseSettings


def _is_secret(annotation: object) -> bool:
    return annotation is SecretStr or SecretStr in getattr(annotation, "__args__", ())


def _schema(settings: type[BaseSettings], name: str) -> dict[str, Any]:
    """The part of a field's JSON Schema that says which values are taken."""
    try:
        whole = TypeAdapter(settings).json_schema()
    except ValueError:
        return {}
    schema = whole["properties"][name]
    kept = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "pattern", "description")
    found = next((part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"), schema)
    reference = found.get("$ref", "").rpartition("/")[2]
    found = {**whole.get("$defs", {}).get(reference, {}), **found}
    return {key: {**schema, **found}[key] for key in kept if key in {**schema, **found}}


def _entry(settings: type[BaseSettings], name: str, field: FieldInfo) -> dict[str, Any]:
    entry = _schema(settings, name)
    if field.description:
        entry["description"] = " ".join(field.description.split())
    if field.default is not PydanticUndefined and not _is_secret(field.annotation):
        entry["default"] = to_jsonable_python(field.default)
    return entry


def main(services: list[str]) -> None:
    found = {}
    for service in services:
        settings = importlib.import_module(f"{service.replace('-', '_')}.settings").Settings
        found[service] = {
            name.upper(): _entry(settings, name, field)
            for name, field in sorted(settings.model_fields.items())
            if not _is_secret(field.annotation)
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
