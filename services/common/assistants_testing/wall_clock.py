"""Finds waits and limits in tests below half a minute, which a slow machine may exceed."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENOUGH_SECONDS = 30
_CLOCKS = {"monotonic", "perf_counter", "perf_counter_ns", "monotonic_ns"}
_LIMIT = re.compile(r"timeout|_seconds$|_ms$|patience|deadline")
_PACE = re.compile(r"poll|pause|interval|retry|block|graceful")
"""How often something is looked for, or done: being late with it changes nothing."""


@dataclass(frozen=True)
class Finding:
    path: str
    test: str
    line: int
    code: str

    @property
    def key(self) -> str:
        return f"{self.path}::{self.test}"


def in_python(path: str, source: str) -> Iterator[Finding]:
    lines = source.splitlines()
    for function, node in _nodes(ast.parse(source)):
        if _is_short(node):
            yield Finding(path, function, node.lineno, lines[node.lineno - 1].strip())


type _Node = ast.expr | ast.stmt


def _nodes(tree: ast.AST, function: str = "module", *, looping: bool = False) -> Iterator[tuple[str, _Node]]:
    """All nodes with the name of their function, except pauses in polling loops."""
    for node in ast.iter_child_nodes(tree):
        inside, loop = function, looping
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside, loop = node.name, False
        elif isinstance(node, ast.While):
            loop = True
        if isinstance(node, ast.expr | ast.stmt) and not (loop and _called(node) == "sleep"):
            yield inside, node
        yield from _nodes(node, inside, looping=loop)


def _called(node: _Node) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    return (part for part in ast.walk(node) if isinstance(part, ast.expr))


def _is_short(node: _Node) -> bool:
    match node:
        case ast.Call():
            return _is_short_call(node)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _is_limit(name.lower(), value)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], comparators=[right]):
            return any(_called(part) in _CLOCKS for side in (left, right) for part in _parts(side))
        case ast.Dict():
            pairs = zip(node.keys, node.values, strict=True)
            return any(isinstance(key, ast.Constant) and _is_limit(key.value, value) for key, value in pairs)
        case _:
            return False


def _is_short_call(node: ast.Call) -> bool:
    name = _called(node)
    if any(_is_limit(keyword.arg, keyword.value) for keyword in node.keywords):
        return True
    if name in {"sleep", "timeout", "wait", "join"}:
        return bool(node.args) and _is_few(node.args[0], ENOUGH_SECONDS)
    return name == "wait_for" and len(node.args) > 1 and _is_few(node.args[1], ENOUGH_SECONDS)


def _is_limit(name: object, value: ast.expr) -> bool:
    if not isinstance(name, str) or not _LIMIT.search(name) or _PACE.search(name):
        return False
    return _is_few(value, ENOUGH_SECONDS * (1000 if name.endswith("_ms") else 1))


def _is_few(node: ast.expr, enough: float) -> bool:
    """Whether a node is a number above zero and below `enough`."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and 0 < node.value < enough


_NUMBER = r"(?P<number>\d[\d_.]*)(?![\d_.]| ?\*)"
_TYPESCRIPT = [
    (re.compile(rf"setTimeout\([^;]*?, ?{_NUMBER}\)"), 1000),
    (re.compile(rf"AbortSignal\.timeout\({_NUMBER}\)"), 1000),
    (re.compile(rf"\b(?:timeout|timeoutMs|deadlineMs|idleMs): ?{_NUMBER}"), 1000),
    (re.compile(rf"\b(?:\w*(?:Timeout|Idle|Drain)Seconds|\w*TIMEOUT_SECONDS)\s*[:=] ?'?{_NUMBER}"), 1),
    (re.compile(rf"performance\.now\(\)[^;]*< ?{_NUMBER}"), 1000),
]
_TEST = re.compile(
    r"^\s*(?:Deno\.test|redisTest|it(?:\.\w+)?|test)\(\s*['\"`](?P<name>.*?)['\"`],?", re.MULTILINE
)


def in_typescript(path: str, source: str) -> Iterator[Finding]:
    tests = [(match.start(), match["name"]) for match in _TEST.finditer(source)]
    for pattern, per_second in _TYPESCRIPT:
        for match in pattern.finditer(source):
            if 0 < float(match["number"].replace("_", "").rstrip(".")) < ENOUGH_SECONDS * per_second:
                name = next((name for start, name in reversed(tests) if start <= match.start()), "module")
                line = source.count("\n", 0, match.start()) + 1
                yield Finding(path, name, line, match[0])


def in_file(path: Path, root: Path) -> Iterator[Finding]:
    name, source = path.relative_to(root).as_posix(), path.read_text()
    yield from in_python(name, source) if path.suffix == ".py" else in_typescript(name, source)
