"""Prints the names of the extra fields that the Python services log, one a line, from their source.

A field is a key of the dictionary given as `extra=`, or of the one its name was assigned in the same function.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

_METHODS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _extras(function: _Function) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "extra")


def _assigned(function: _Function, name: str) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = node.value  # type: ignore[attr-defined]
            if value is not None:
                yield value


def _keys(function: _Function, value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Name):
        for assigned in _assigned(function, value.id):
            yield from _keys(function, assigned)
    if isinstance(value, ast.Dict):
        yield from (key.value for key in value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def main(root: Path) -> None:
    """Print the fields of every service below a folder."""
    names: set[str] = set()
    for file in root.rglob("*.py"):
        if "tests" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, _Function):
                names.update(name for value in _extras(node) for name in _keys(node, value))
    sys.stdout.write("\n".join(sorted(names)) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
