"""The tables of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos import page
from tests.chaos.histories import KILL, failed, killed, run, succeeded


def rows(text: str) -> dict[str, list[str]]:
    """The cells of every table's rows, by the first."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {line[0]: line[1:] for line in lines}


def test_a_run_is_told_by_kind_by_fault_and_in_sum() -> None:
    """Jobs, ends, attempts, deaths, requests, duplicates, lateness; then what was injected and noticed."""
    history = run(succeeded(), failed(), killed(), faults=[KILL, replace(KILL, hit=False)], noticed={"taken_over": 1})
    text = page.report(history, [], date="2026-11-29")
    cells = rows(text)
    assert cells["well"] == ["2", "2", "0", "0", "3", "1", "3", "1", "1 ms", "1 ms", "1 ms"]
    assert cells["broken"][:4] == ["1", "0", "1", "0"]
    assert cells["**all**"][:8] == ["3", "2", "1", "0", "4", "1", "4", "1"]
    assert cells["worker killed during its request"] == ["1", "1"]
    assert cells["taken_over"] == ["1"]
    assert "3 jobs, 2 minutes of faults" in text and "3 of 3 jobs ended, 0 were lost" in text
    assert "1 × worker killed during its request" in text and "Everything was as it should be." in text


def test_what_was_wrong_is_not_hidden() -> None:
    """A lost job and a duplicate without an explanation are told in the summary."""
    text = page.report(run(succeeded(shown=None), killed()), ["one", "two"], date="2026-11-29")
    assert "1 of 2 jobs ended, 1 were lost" in text and "1 × unexplained" in text
    assert "**2 things were wrong.**" in text and "as it should be" not in text


@pytest.mark.parametrize(("late_ms", "told"), [(9_999, "9999 ms"), (122_400, "122 s")])
def test_what_is_minutes_late_is_told_in_seconds(late_ms: int, told: str) -> None:
    """A job whose message was lost waits for a sweep."""
    job = succeeded()
    assert job.shown is not None
    attempts = [{**job.shown["attempts"][0], "lateness_ms": late_ms}]
    text = page.report(run(replace(job, shown={**job.shown, "attempts": attempts})), [], date="2026-11-29")
    assert rows(text)["well"][-1] == told


def test_only_what_is_between_the_markers_is_made_anew() -> None:
    """The words around the table are written by hand; a page without markers is left alone."""
    before = f"Words.\n\n{page.BEGIN}\n\nold\n\n{page.END}\n\nMore words.\n"
    after = page.filled(before, "| new | \\1 |")
    assert after == f"Words.\n\n{page.BEGIN}\n\n| new | \\1 |\n\n{page.END}\n\nMore words.\n"
    with pytest.raises(ValueError, match="0 times"):
        page.filled("Words.", "new")
