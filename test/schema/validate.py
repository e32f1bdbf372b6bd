"""Validates rendered manifests against strict Kubernetes schemas, offline.

Reads one JSON document from standard input: {"versions": [...], "objects": [...], "definitions": {kind: schema}}.
Prints a JSON document: {"checked": N, "errors": ["version kind/name: path: message", ...]}.
Kinds of custom resources are validated against `definitions`, once, whatever the version.
"""

import json
import sys
from functools import cache

import importlib_resources
import jsonschema
from referencing import Registry, Resource

SCHEMAS = importlib_resources.files("kubernetes_validate").joinpath("kubernetes-json-schema")


@cache
def registry(version: str) -> Registry:
    """The definitions of a version, shared by all of its kinds."""
    text = SCHEMAS.joinpath(f"v{version}.0-local-strict/_definitions.json").read_text()
    return Resource.from_contents(json.loads(text)) @ Registry()


@cache
def validator(version: str, kind: str, api_version: str) -> jsonschema.Draft202012Validator:
    """The strict validator of a built-in kind; raises FileNotFoundError when the version has no such kind."""
    group, _, number = api_version.rpartition("/")
    name = f"{kind.lower()}-{group.split('.')[0] + '-' if group else ''}{number}.json"
    text = SCHEMAS.joinpath(f"v{version}.0-local-strict/{name}").read_text()
    return jsonschema.Draft202012Validator(json.loads(text), registry=registry(version))


def main() -> None:
    """Validate standard input."""
    request = json.load(sys.stdin)
    definitions = {
        kind: jsonschema.Draft202012Validator(schema) for kind, schema in request["definitions"].items()
    }
    checked, errors = 0, []
    for version in request["versions"]:
        for item in request["objects"]:
            label = f"{version} {item['kind']}/{item['metadata']['name']}"
            try:
                check = definitions.get(item["kind"]) or validator(version, item["kind"], item["apiVersion"])
            except FileNotFoundError:
                errors.append(f"{label}: no schema for {item['apiVersion']}")
                continue
            checked += 1
            errors += [
                f"{label}: {'.'.join(map(str, error.path))}: {error.message[:300]}"
                for error in check.iter_errors(item)
            ]
    json.dump({"checked": checked, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main()
