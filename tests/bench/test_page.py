"""The page and its pictures, made from results."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bench import costs, page, pictures
from bench.figures import Figure, Part
from tests.bench.results import DEPLOYED, LATENESS, MEASURED

ROOT = Path(__file__).resolve().parent.parent.parent
MACHINE = page.Machine(
    "2026-11-21", "x86_64, Example", 2, "3.11.2", {"cpu": 0.4, "lateness": 1.2}, {"cpu": 1, "lateness": 3}
)
PARTS = {"lateness": LATENESS, "costs": costs.part(MEASURED, DEPLOYED)}


def test_only_what_is_between_the_markers_changes_and_twice_is_the_same_as_once() -> None:
    """Words around the tables are a person's."""
    text = "Before.\n\n<!-- bench: lateness -->\nold\n<!-- end of lateness -->\n\nAfter.\n"
    once = page.filled(text, PARTS, MACHINE)
    assert once.startswith("Before.\n\n<!-- bench: lateness -->\n\n| ")
    assert once.endswith("\n\n<!-- end of lateness -->\n\nAfter.\n")
    assert "old" not in once
    assert page.filled(once, PARTS, MACHINE) == once


def test_a_marker_of_what_was_not_measured_is_an_error() -> None:
    """Rather than a page with a hole."""
    with pytest.raises(KeyError):
        page.filled("<!-- bench: nothing -->\n<!-- end of nothing -->", PARTS, MACHINE)


def test_each_line_tells_the_figure_its_floor_its_target_and_whether_it_is_met() -> None:
    lines = list(page.table(LATENESS.figures))
    assert lines[0] == "| | unit | measured | floor | target | met |"
    assert lines[2] == "| 1 job, plain: p50 / p99 | ms | 0.30 / 0.70 | 0.20 / 0.50 | 0.50 / 2 | yes |"
    assert lines[3] == "| 1,000 jobs, TLS: p50 / p99 | ms | 16.2 / 33.4 | 9.80 / 19 | 15 / 35 | **no** |"


def test_the_page_says_on_what_machine_and_how_often() -> None:
    """A figure without its machine says nothing."""
    (line,) = page.filled("<!-- bench: machine -->\n<!-- end of machine -->", PARTS, MACHINE).splitlines()[2:-2]
    assert "on 2 cores (x86_64, Example)" in line
    assert "0.4 to 1.2 threads were busy" in line
    assert "measured 1 to 3 times" in line


def test_what_is_not_met_is_told_with_why() -> None:
    """The reason is that of the longest beginning of its key; a figure that has none says so."""
    told = list(page.verdict([*LATENESS.figures, Figure("other", "other", "ms", (2,), (1,))]))
    assert told[0] == "1 of 3 targets are met. Not met:"
    assert told[2].startswith("- 1,000 jobs, TLS: p50 / p99: 16.2 / 33.4 ms, target 15 / 35. Why: ")
    assert told[3].endswith(f"Why: {page.UNKNOWN}.")
    assert "44,000" in page.why(Figure("cost-minutely", "", "$", (9,), (7,)))


def test_the_page_has_a_place_for_everything_that_is_measured() -> None:
    """And every marker there has its end."""
    text = (ROOT / "docs" / "performance.md").read_text()
    places = [
        "machine",
        "verdict",
        "lateness",
        "local_stack",
        "cpu",
        "packages",
        "write_units",
        "lists",
        "command_line",
        "costs",
    ]
    begun = re.findall(r"<!-- bench: ([\w-]+) -->", text)
    assert begun == re.findall(r"<!-- end of ([\w-]+) -->", text)
    assert begun == [*places[:4], "burst", *places[4:], "cost-lines", "month"]


def test_a_kind_of_list_has_both_orders_in_one_line() -> None:
    """Calls and units, beside those of few jobs."""
    part = Part(
        (
            Figure("list-all", "all", "calls / units", (5, 53), floor=(5, 52.5)),
            Figure("list-all, latest first", "all, latest first", "calls / units", (5, 51), floor=(5, 51)),
        )
    )
    assert list(page.lists_table(part))[2:] == ["| all | 5 / 53 | 5 / 52.5 | 5 / 51 | 5 / 51 |"]


@pytest.mark.parametrize("drawing", ["lateness", "cost"])
def test_pictures_are_described_and_made_for_light_and_dark(drawing: str) -> None:
    """Drawn from any results, and as they are on the page."""
    drawn = pictures.lateness(LATENESS) if drawing == "lateness" else pictures.cost(PARTS["costs"])
    for text in (drawn, (ROOT / "docs" / "performance" / f"{drawing}.svg").read_text()):
        texts = {child.tag.rpartition("}")[2]: child.text or "" for child in ElementTree.fromstring(text)}
        assert texts["title"]
        assert len(texts["desc"]) > 80
        assert "prefers-color-scheme: dark" in texts["style"]


def test_a_cost_bar_is_as_long_as_what_it_stands_for() -> None:
    """Its pieces lie end to end, in proportion."""
    part = PARTS["costs"]
    pieces = re.findall(r'<rect class="c\d" x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="26"', pictures.cost(part))
    first = [(float(x), float(width)) for x, y, width in pieces if y == pieces[0][1]]
    total = sum(width for _, width in first)
    assert len(first) == len(pictures.COST_LINES)
    assert first[-1][0] + first[-1][1] == pytest.approx(pictures.LEFT + total, abs=1)
    share = part.details["minutely:table"] / part.figure("cost-minutely").values[0]
    assert first[0][1] / total == pytest.approx(share, abs=0.01)
