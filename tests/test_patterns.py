"""No pattern can be made to try and try again (T11): its steps are counted, on the worst that can be made of it."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lambdas.handlers.routes import ROUTES
from tests.backtracking import Counting, TooManySteps, attacks
from tests.work import GROWTH, TOLERANCE

ROOT = Path(__file__).resolve().parent.parent
SIZE = 16
A_FEW = 6
"""Steps that a character may take whatever is before it: a text that is too short for a pattern fails at once."""
ENDS = ("", "\x00", "\n", "☃", "=", "a")
"""What stands at the end, so that it fails there at the latest."""


def written(file: Path) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns of a module: those that it has compiled, and those that stand where they are used."""
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for variable, value in vars(importlib.import_module(name)).items():
        if isinstance(value, re.Pattern):
            yield f"{name}.{variable}", value
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            is_of_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            if is_of_re and node.func.attr != "compile" and isinstance(node.args[0], ast.Constant):
                yield f"{name}:{node.args[0].value!r}", re.compile(node.args[0].value)


PATTERNS = {
    **{f"route {route}": re.compile(route) for route in ROUTES},
    **{name: pattern for file in sorted((ROOT / "lambdas").rglob("*.py")) for name, pattern in written(file)},
}
SEARCHED = {
    name for name in PATTERNS if re.search(r"_STRINGS|SURROGATE|_NOT_|BLANK|_DOTS|_UNSAFE|_LOST|:#|: \+|:\\\?", name)
}
"""Those that are looked for anywhere, from every place of a text on."""


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_tries_no_more_than_a_text_is_long(name: str) -> None:
    """T11: four times the text is about four times the steps, wherever it fails."""
    pattern = PATTERNS[name]
    for before, again in attacks(Counting(pattern)):
        for end in ENDS:
            short, long = (tried(name, before + again * count + end) for count in (SIZE, SIZE * GROWTH))
            a_few_each = A_FEW * len(before + again * SIZE * GROWTH + end)
            assert long <= max(short * GROWTH * TOLERANCE, a_few_each), (before, again, end, short, long)


def tried(name: str, text: str) -> int:
    """The steps of one match. Python's own must come to the same answer, else they count something else."""
    pattern, counting = PATTERNS[name], Counting(PATTERNS[name])
    if isinstance(pattern.pattern, bytes):
        text = text.encode("latin-1", "replace").decode("latin-1")
    given: Any = text.encode("latin-1") if isinstance(pattern.pattern, bytes) else text
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        is_searched = name in SEARCHED
        found = counting.search(text) if is_searched else counting.fullmatch(text)
        assert found == bool(pattern.search(given) if is_searched else pattern.fullmatch(given)), text
    finally:
        sys.setrecursionlimit(limit)
    return counting.steps


@pytest.mark.parametrize(
    "trap", [r"(a+)+b", r"(a|a)*b", r"a*a*b", r"(?:a*,?)*;", r"[ab]*b[ab]*c", r'.*"(?:[^"\\]|\\.)*"']
)
def test_a_trap_is_known_for_one(trap: str) -> None:
    """T11: else the test above could not fail."""
    counting = Counting(re.compile(trap))

    def is_worse(text: str, again: str, end: str) -> bool:
        short, long = (_steps(counting, text + again * count + end) for count in (3, 3 * GROWTH))
        return long > short * GROWTH * TOLERANCE

    assert any(is_worse(before, again, end) for before, again in attacks(counting) for end in ENDS)


def _steps(counting: Counting, text: str) -> int:
    counting.steps = 0
    with suppress(TooManySteps):
        counting.fullmatch(text)
    return counting.steps
