"""docs/guarantees.md names every fault and threat once, and for each the tests that prove it, as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OPERATING = ROOT / "docs" / "operating.md"
PAGE = (ROOT / "docs" / "guarantees.md").read_text().partition("\n## Taking protections out\n")[0]
NOT_THERE_YET = "Not there yet."
NUMBERS = [*(f"F{number}" for number in range(1, 32)), *(f"T{number}" for number in range(1, 17))]


@dataclass(frozen=True)
class Row:
    """A row of one of the two tables. `proof` is the last cell; `tests` are the (file, name) that it links."""

    number: str
    cells: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Found:
    """A test as pytest would collect it, and the docstrings that speak for it: its own, its class's, its file's."""

    name: str
    docstrings: str


def rows() -> list[Row]:
    found = []
    for line in re.findall(r"^\| ([FT]\d+ \|.*) \|$", PAGE, re.MULTILINE):
        number, *cells = (cell.strip() for cell in line.split(" | "))
        links = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", cells[-1])
        found.append(Row(number.rstrip(" |"), tuple(cells), tuple((file, name) for name, file in links)))
    return found


def collected(file: str) -> Iterator[Found]:
    """The tests of a file by pytest's own rules: functions `test_…` in it or in its classes `Test…`."""
    tree = ast.parse((ROOT / file).read_text())
    module = ast.get_docstring(tree) or ""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Found(node.name, f"{module}\n{ast.get_docstring(node)}")
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            of_class = f"{module}\n{ast.get_docstring(node)}"
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_"):
                    yield Found(inner.name, f"{of_class}\n{ast.get_docstring(inner)}")


def test_every_fault_and_threat_has_its_row_in_order() -> None:
    assert [row.number for row in rows()] == NUMBERS


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_a_row_says_what_holds_what_can_be_read_and_what_proves_it(row: Row) -> None:
    """All five cells are written, and the last holds links to tests and nothing else, or says that there is nothing."""
    assert len(row.cells) == 4 and all(row.cells)
    links_only = re.sub(r"\[`test_\w+`\]\([\w./]+\)", "", row.cells[-1]).strip()
    assert links_only == ("" if row.tests else NOT_THERE_YET)


@pytest.mark.parametrize("row", [row for row in rows() if row.tests], ids=lambda row: row.number)
def test_the_tests_of_a_row_are_collected_and_know_it(row: Row) -> None:
    """Each name is one test of its file, in a file that pytest collects, and speaks of the row by its number."""
    for file, name in row.tests:
        assert Path(file).name.startswith("test_"), file
        found = [test for test in collected(file) if test.name == name]
        assert len(found) == 1, f"{name} is {len(found)} times in {file}"
        assert re.search(rf"\b{row.number}\b", found[0].docstrings), f"{file}::{name} does not name {row.number}"


def test_what_is_not_there_yet_is_said_in_its_row() -> None:
    """A row without tests says in words what holds today."""
    assert all("ot there yet" in row.cells[1] for row in rows() if not row.tests)


def test_what_operators_are_told_to_read_is_there() -> None:
    """Events, metrics, alarms and facts of the fourth column stand in the operators' page or in the functions' code."""
    known = "\n".join(path.read_text() for path in [OPERATING, *sorted((ROOT / "lambdas").rglob("*.py"))])
    named = {(row.number, word) for row in rows() for word in re.findall(r"`([^`]+)`", row.cells[2])}
    assert len(named) > 50
    assert sorted((number, word) for number, word in named if not re.search(rf"\b{re.escape(word)}\b", known)) == []
