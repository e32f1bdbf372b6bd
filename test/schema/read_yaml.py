"""Reads YAML as Python programs do: YAML 1.1, by PyYAML.

Reads one JSON document from standard input, {name: text}, and prints another, {name: [document, ...]}. What JSON cannot
hold, such as a date, or a key that is no text, ends it: it would be a text that YAML 1.1 takes for something else.
"""

import json
import sys
from typing import Any

import yaml


def plain(value: Any, place: str) -> Any:
    """Give back the value; raises TypeError when something in it is not of JSON."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{place}: the key {key!r} is a {type(key).__name__}")
        return {key: plain(item, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item, f"{place}[{number}]") for number, item in enumerate(value)]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{place}: {value!r} is a {type(value).__name__}")


def documents(name: str, text: str) -> list[Any]:
    """All documents of a file; raises ValueError with its name when PyYAML refuses it."""
    try:
        return [plain(item, name) for item in yaml.load_all(text, Loader=yaml.CSafeLoader)]
    except yaml.YAMLError as error:
        raise ValueError(f"{name}: {error}") from error


if __name__ == "__main__":
    try:
        json.dump({name: documents(name, text) for name, text in json.load(sys.stdin).items()}, sys.stdout)
    except (TypeError, ValueError) as error:
        sys.exit(str(error))
