"""Tests are run as they are meant to be: those that need the stack apart, those that belong together in one process."""

from __future__ import annotations

from pathlib import Path

from tests.services.scheduling import TOGETHER

ROOT = Path(__file__).parents[2]
TESTS = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "tests").rglob("test_*.py")}
MARK = "pytestmark = " + "pytest.mark.live"


def test_what_needs_the_deployed_stack_is_marked_so_and_in_its_folder() -> None:
    """Else it is run with the tests that need no stack, and starts one there; or not at all."""
    marked = {name for name, path in TESTS.items() if f"\n{MARK}\n" in path.read_text("utf-8")}
    assert marked == {name for name in TESTS if name.startswith("tests/live/")}
    assert marked


def test_the_files_that_are_run_in_one_process_are_there() -> None:
    """By the names that they have now."""
    assert set(TOGETHER) <= TESTS.keys()
