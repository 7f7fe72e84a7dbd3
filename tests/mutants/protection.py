"""A protection, and the small edit that takes it out: a test that does not fail then proves nothing."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Edit:
    """In `file` (from the root), `old` stands exactly once and becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Protection:
    """What `edits` take out, and the tests of the row in docs/guarantees.md each of which must fail without it.

    `tests` are `file::name`, the file from the folder `tests`; of a test with parameters one case must fail, that of
    the id if it is `file::name[id]`. `on_emulator` are tests that ask for the emulator. `hangs`: without it the one
    test does not come to an end, which is all that it can tell.
    """

    row: str
    what: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    on_emulator: bool = False
    hangs: bool = False


def taking_out(
    row: str, what: str, file: str, old: str, new: str, *tests: str, on_emulator: bool = False, hangs: bool = False
) -> Protection:
    """A protection that one edit takes out."""
    return Protection(row, what, (Edit(file, old, new),), tests, on_emulator, hangs)


def mutated(text: str, edit: Edit) -> str:
    """The file's text after the edit. Raises ValueError unless the old text is there once."""
    count = text.count(edit.old)
    if count != 1:
        raise ValueError(f"{edit.file} has this {count} times:\n{edit.old}")
    return text.replace(edit.old, edit.new)


def parts(test: str) -> tuple[str, str, str]:
    """Its file, its name, and the id of its case in brackets or nothing."""
    file, _, name = test.partition("::")
    name, bracket, case = name.partition("[")
    return file, name, bracket + case


def node_id(test: str) -> str:
    """The test as pytest wants it named: with its class. Raises ValueError if its file has it not, or twice."""
    file, name, case = parts(test)
    tree = ast.parse((ROOT / "tests" / file).read_text())
    found = [
        "::".join(["tests/" + file, *outer, name]) + case
        for outer, body in [((), tree.body), *(((n.name,), n.body) for n in tree.body if isinstance(n, ast.ClassDef))]
        for node in body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    if len(found) != 1:
        raise ValueError(f"{test} is there {len(found)} times")
    return found[0]
