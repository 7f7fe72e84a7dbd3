"""How the source is read: what a module imports and calls, and whether it asks for the time or the environment."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
HANDLERS = "lambdas/handlers"
WIRING = "lambdas/wiring.py"

CLOCK_METHODS = {"now", "utcnow", "today"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def sources(folder: str) -> list[str]:
    """Every Python file below a folder, or the one that is named, as paths from the root."""
    if folder.endswith(".py"):
        return [folder]
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py"))
    assert found, f"{folder} holds no source"
    return found


@functools.cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"), file)


def library_of(name: str) -> str:
    return name.partition(".")[0]


def calls(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Every call by a plain name or a method's, with its positional arguments: literal text, or empty."""
    for file in sources(folder):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                values = [argument.value if isinstance(argument, ast.Constant) else "" for argument in node.args]
                yield name, [value if isinstance(value, str) else "" for value in values]


def imports_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module (or member of one) that the code names, with its line: also what only annotations need."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def imports_at_run_time(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Those of `imports_of` that are made when the code runs."""
    for_types = {
        member
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for part in node.body
        for member in imports_of(part)
    }
    yield from (member for member in imports_of(tree) if member not in for_types)


def clock_reads(tree: ast.Module) -> Iterator[int]:
    """Lines that import the module `time`, or use a reading method of a class of `datetime`."""
    classes = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if "datetime" in (alias.name, getattr(node, "module", None))
    }
    yield from (line for name, line in imports_of(tree) if library_of(name) == "time")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_METHODS:
            owner = ast.unparse(node.value)
            if library_of(owner) in classes and set(owner.split(".")) <= {*classes, "datetime", "date"}:
                yield node.lineno


def environment_reads(tree: ast.Module) -> Iterator[int]:
    """Lines that touch the environment of the process."""
    names = {
        alias.asname or library_of(alias.name)  # `import os.path` makes `os` known
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    yield from (line for name, line in imports_of(tree) if name in {f"os.{member}" for member in ENVIRONMENT})
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT and ast.unparse(node.value) in names:
            yield node.lineno


def libraries_reached_by(function: str) -> dict[str, list[str]]:
    """The libraries that a function's handler imports, each with one way that leads there.

    `lambdas/wiring.py` imports what a function needs inside that function's own part, so only the parts that the
    handler asks for count.
    """
    start = f"{HANDLERS}/{function}.py"
    reached: dict[str, list[str]] = {}
    seen: set[str] = set()
    ways = [[start]]
    while ways:
        way = ways.pop()
        file = way[-1]
        if file in seen:
            continue
        seen.add(file)
        for name in _names_imported_by(file, start):
            inner = _file_of(name)
            if inner:
                ways.append([*way, inner])
            elif library_of(name) not in sys.stdlib_module_names | {"lambdas"}:
                reached.setdefault(library_of(name), way)
    return reached


def _names_imported_by(file: str, start: str) -> list[str]:
    tree = tree_of(file)
    if file != WIRING:
        return [name for name, _ in imports_at_run_time(tree)]
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    wanted = [
        node.attr
        for node in ast.walk(tree_of(start))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "wiring"
    ]
    assert wanted, f"{start} asks wiring for nothing"
    used: dict[str, ast.FunctionDef] = {}
    while wanted:
        name = wanted.pop()
        if name in functions and name not in used:
            used[name] = functions[name]
            wanted += [node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)]
    top = ast.Module([node for node in tree.body if not isinstance(node, ast.FunctionDef)], [])
    return [name for part in (top, *used.values()) for name, _ in imports_at_run_time(part)]


def _file_of(name: str) -> str | None:
    """The source of a module of ours, or of the module that a name is a member of."""
    if library_of(name) != "lambdas":
        return None
    for path in (name, name.rpartition(".")[0]):
        file = path.replace(".", "/") + ".py"
        if (ROOT / file).exists():
            return file
    return None
