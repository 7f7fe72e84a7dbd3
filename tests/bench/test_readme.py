"""The README quotes the page of figures: whoever measures anew is told what to write there."""

from __future__ import annotations

import re

import pytest

from tests.pages import page, section

FIGURES = page("docs/performance.md")
LOADS = ("1 job", "100 jobs", "1,000 jobs")


@pytest.mark.parametrize("way", ["TLS", "plain"])
@pytest.mark.parametrize(("who", "column"), [("Punctual", 2), ("bare loop", 3)])
def test_lateness_is_quoted(who: str, column: int, way: str) -> None:
    """p50 and p99 of each load, in fewer digits."""
    quoted = re.search(rf"^\| {who}, {way} \|(.+)\|$", section("README.md", "On time"), re.MULTILINE)
    assert quoted is not None
    for load, cell in zip(LOADS, quoted[1].split("|"), strict=True):
        measured = row(f"{load}, {way}: p50 / p99")[column]
        assert rounds(cell, measured), f"{load}: {cell} is {measured}"


def test_the_whole_local_stack_is_quoted() -> None:
    """Forty jobs at one instant."""
    quoted = re.search(r"with 40 jobs at one instant: (.+?) ms", section("README.md", "On time"))
    assert quoted is not None
    assert rounds(quoted[1], row("40 jobs at one instant, as the target sees it: p50 / p99")[2])


def test_what_comes_late_from_idle_is_quoted() -> None:
    """A thousand jobs in one millisecond after a quiet night."""
    late = r"half are late by (\S+) s or\s+more,? and one in a hundred by (\S+) s"
    (quoted,) = re.findall(late, section("README.md", "Limits"))
    assert [quoted] == re.findall(late, FIGURES)


@pytest.mark.parametrize(
    ("load", "case"),
    [
        (r"\| one job a minute \| (\d+)", "one job a minute"),
        (r"\| 116 a second, ten million a day \| (\d+)", "116 jobs a second"),
        (r"or (\d+) with `max_concurrency`", "the same, with max_concurrency 40"),
        (r"\| a thousand in one millisecond \| (\d+)", "a thousand in one millisecond, from idle"),
        (r"about \$(\d+) a month", "a month in which nothing is due"),
    ],
)
def test_costs_are_quoted(load: str, case: str) -> None:
    """In whole dollars."""
    quoted = re.search(load, section("README.md", "Cost"))
    assert quoted is not None
    assert rounds(quoted[1], row(case)[2])


def row(name: str) -> list[str]:
    """The cells of a figure on the page: its name, unit, what was measured, and the rest."""
    (found,) = re.findall(rf"^\| ({re.escape(name)} \|.+)\|$", FIGURES, re.MULTILINE)
    return [cell.strip() for cell in found.split("|")]


def rounds(quoted: str, measured: str) -> bool:
    """Whether each number is the measured one in as many digits as are quoted."""
    pairs = zip(quoted.split("/"), measured.split("/"), strict=True)
    return all(
        abs(float(few) - float(many)) <= 0.501 * 10.0 ** -len(few.strip().partition(".")[2]) for few, many in pairs
    )
