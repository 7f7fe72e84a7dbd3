"""The list of protections fits the code and the page: what `make mutants` would take out is there, and is told."""

from __future__ import annotations

import re

import pytest

from tests.mutants import page
from tests.mutants.protection import ROOT, Protection, mutated, node_id, parts
from tests.mutants.protections import PROTECTIONS

PAGE = page.PAGE.read_text()

NOT_TRIED: frozenset[str] = frozenset()
"""Tests of rows for which no edit can be written, each with its reason beside it."""


def named_in_rows() -> dict[str, set[str]]:
    """The tests that the page links in each row, as `file::name`, without those that run on the local stack."""
    found = {}
    for number, rest in re.findall(r"^\| ([FT]\d+) \|(.*) \|$", PAGE.partition(page.BEGIN)[0], re.MULTILINE):
        links = re.findall(r"\[`(test_\w+)`\]\(\.\./tests/([\w/]+\.py)\)", rest.rpartition(" | ")[2])
        found[number] = {f"{file}::{name}" for name, file in links if not file.startswith("live/")}
    return found


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda one: f"{one.row} {one.what}")
def test_what_would_be_taken_out_is_there_once(protection: Protection) -> None:
    """Whoever changes a protected line finds here that its mutant must change too."""
    texts = {edit.file: (ROOT / edit.file).read_text() for edit in protection.edits}
    for edit in protection.edits:
        texts[edit.file] = mutated(texts[edit.file], edit)


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda one: f"{one.row} {one.what}")
def test_the_tests_that_must_fail_are_tests_of_the_row(protection: Protection) -> None:
    assert protection.tests and (len(protection.tests) == 1 or not protection.hangs)
    tests = {f"{file}::{name}" for file, name, _ in map(parts, protection.tests)}
    assert tests <= named_in_rows()[protection.row]
    for test in protection.tests:
        node_id(test)


def test_each_test_of_a_row_was_seen_to_fail() -> None:
    """Whoever names a test in docs/guarantees.md says what it fails without; the page says which cannot."""
    tried = {(one.row, "::".join(parts(test)[:2])) for one in PROTECTIONS for test in one.tests}
    named = {(row, test) for row, tests in named_in_rows().items() for test in tests}
    assert {test for _, test in named - tried} == NOT_TRIED


def test_the_page_has_the_table_of_the_list() -> None:
    """As `make mutants` wrote it after a run in which all tests failed that had to."""
    assert PAGE.partition(page.BEGIN)[2].partition(page.END)[0] == page.table(PROTECTIONS)


def test_what_was_proven_is_added_and_what_changed_since_goes() -> None:
    """A line stays as long as it says the very same; all keep the order of the list."""
    first, second, third = PROTECTIONS[:3]
    old = (
        f"before\n{page.BEGIN}{page.table([second])}| F1 | what is in no list any more | `test_x` |\n{page.END}after\n"
    )
    new = page.written(old, PROTECTIONS, proven=[third])
    assert new == f"before\n{page.BEGIN}{page.table([second, third])}{page.END}after\n"
    assert page.line(first) not in new
    assert (
        page.written(new, PROTECTIONS, unproven=[second])
        == f"before\n{page.BEGIN}{page.table([third])}{page.END}after\n"
    )
