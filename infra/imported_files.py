"""Which source files a handler needs: its imports are followed by reading the code, never by running it.

A package then holds what its function imports and nothing else, and nobody keeps a list by hand.
"""

from __future__ import annotations

import ast
import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# They wrap a function where it stands, and tell nobody of it.
_DISCREET_DECORATORS = frozenset({"cache", "lru_cache", "contextmanager"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef

# Packages are made side by side, and Python 3.11 counts the depth of a parse for the whole interpreter: two at once
# can end in "SystemError: AST constructor recursion depth mismatch" (python/cpython#106905).
_ONE_PARSE_AT_A_TIME = threading.Lock()


def imported_files(
    roots: Sequence[Path], entry: str, packages: Iterable[str], *, passed_over: Iterable[str] = ()
) -> dict[Path, Path]:
    """The files that importing and running the module `entry` can reach: path under its root → where it is.

    Only modules of the named top-level `packages` are followed. An import inside a module's plain function counts
    when live code mentions that function's name, so that the wiring of one function does not pull in the
    adapters of the others; names are compared without their scope, which can only bring in too much.
    Imports for type checkers are not followed, and imports by a computed name are not seen. Packages that are
    `passed_over` are not followed either, whoever imports them: that code is known never to run.
    Raises FileNotFoundError if the entry, or a module that is imported from a followed package, does not exist.
    """
    return _Reach(roots, frozenset(packages), frozenset(passed_over)).from_module(entry)


@dataclass
class _Module:
    """A parsed module: what it says of itself, and what of it waits until somebody mentions it."""

    name: str
    is_package: bool = False
    waiting: dict[str, list[_Function]] = field(default_factory=dict)


class _Reach:
    """The closure of imports and mentioned names, grown until nothing new turns up."""

    def __init__(self, roots: Sequence[Path], packages: frozenset[str], passed_over: frozenset[str]) -> None:
        self._roots = roots
        self._packages = packages
        self._passed_over = passed_over
        self._modules: dict[str, _Module] = {}
        self._files: dict[Path, Path] = {}
        self._mentioned: set[str] = set()

    def from_module(self, entry: str) -> dict[Path, Path]:
        self._mentioned.add("handler")
        self._load_existing(entry, _Module("the package"))
        while self._wake_mentioned_functions():
            pass
        return self._files

    def _wake_mentioned_functions(self) -> bool:
        woken = [
            (module, function)
            for module in list(self._modules.values())
            for name in module.waiting.keys() & self._mentioned
            for function in module.waiting.pop(name)
        ]
        for module, function in woken:
            self._read(module, function)
        return bool(woken)

    def _load_existing(self, name: str, importer: _Module) -> None:
        """Load a module that must be there, or else the package would break where it runs."""
        self._load(name)
        if self._is_followed(name) and name not in self._modules:
            raise FileNotFoundError(f"{importer.name} imports {name}, which does not exist")

    def _load(self, name: str) -> None:
        """Read a module and the packages around it, once. What is not ours (or is no module) is passed over."""
        parent, _, _ = name.rpartition(".")
        if parent:
            self._load(parent)
        found = self._file_of(name)
        if name in self._modules or found is None:
            return
        relative, path = found
        module = self._modules[name] = _Module(name, path.name == "__init__.py")
        self._files[relative] = path
        for statement in _parsed(path).body:
            if isinstance(statement, _Function) and _is_called_by_name(statement):
                module.waiting.setdefault(statement.name, []).append(statement)
            else:
                self._read(module, statement)

    def _is_followed(self, name: str) -> bool:
        around = itertools.accumulate(name.split("."), "{}.{}".format)
        return name.partition(".")[0] in self._packages and self._passed_over.isdisjoint(around)

    def _file_of(self, name: str) -> tuple[Path, Path] | None:
        if not self._is_followed(name):
            return None
        stem = Path(*name.split("."))
        for relative in (stem / "__init__.py", stem.with_name(stem.name + ".py")):
            for root in self._roots:
                if (root / relative).is_file():
                    return relative, root / relative
        return None

    def _read(self, module: _Module, code: ast.AST) -> None:
        for node in _live_nodes(code):
            if isinstance(node, ast.Name):
                self._mentioned.add(node.id)
            elif isinstance(node, ast.Attribute):
                self._mentioned.add(node.attr)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self._load_existing(alias.name, module)
            elif isinstance(node, ast.ImportFrom):
                self._read_from_import(module, node)

    def _read_from_import(self, module: _Module, node: ast.ImportFrom) -> None:
        source = _absolute_name(module, node)
        self._load_existing(source, module)
        for alias in node.names:
            self._mentioned.add(alias.name)
            self._load(f"{source}.{alias.name}")


def _is_called_by_name(function: _Function) -> bool:
    """Not so: what Python itself calls, and what a decorator may hand to somebody else, a route table for one."""
    decorators = {_last_name(decorator) for decorator in function.decorator_list}
    return decorators <= _DISCREET_DECORATORS and not function.name.startswith("__")


def _last_name(expression: ast.expr) -> str:
    """The name at the end of `cache`, `functools.cache` and `cache(…)`; empty for anything else."""
    if isinstance(expression, ast.Call):
        return _last_name(expression.func)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _absolute_name(module: _Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    base = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def _live_nodes(code: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run: all but what stands under `if TYPE_CHECKING:`."""
    if isinstance(code, ast.If) and _is_type_checking(code.test):
        children: Iterable[ast.AST] = code.orelse
    else:
        yield code
        children = ast.iter_child_nodes(code)
    for child in children:
        yield from _live_nodes(child)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _parsed(path: Path) -> ast.Module:
    with _ONE_PARSE_AT_A_TIME:
        return ast.parse(path.read_bytes())
