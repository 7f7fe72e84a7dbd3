"""What every keeper of counters does: each step is counted once, however it comes (F30)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.jobs.counting import DAY_MS, SEEN_FOR_MS, Cell, Day, DayCount, Step
from lambdas.jobs.job import Status
from lambdas.jobs.ports import Counters
from tests.fakes import NOW_MS

DAY = Day("ada", NOW_MS // DAY_MS)
NEXT_DAY = Day("ada", DAY.number + 1)
LANE = "arn:aws:dynamodb:eu-west-1:1:table/t/stream/2026/shardId-00000001790000000000-abcdef12"
SCHEDULED, RUNNING, SUCCEEDED = (Cell(56, status) for status in (Status.SCHEDULED, Status.RUNNING, Status.SUCCEEDED))
FIRST = 4421584500000000017450439091
"""A sequence number as AWS has them: too large for most kinds of numbers."""


def step(number: int, **cells: int) -> Step:
    """One more in each of the cells, by status."""
    return Step(FIRST + number, {Cell(56, Status(name)): count for name, count in cells.items()})


def count(counters: Counters, *steps: Step, day: Day = DAY, lane: str = LANE, now_ms: int = NOW_MS) -> None:
    assert counters.add({day: steps}, lane=lane, now_ms=now_ms) == []


def test_a_day_that_nobody_counted_has_no_counters(counters: Counters) -> None:
    """Looking makes none."""
    assert counters.find(DAY) == DayCount(DAY)
    assert counters.read("ada", first=DAY.number, last=DAY.number) == []


def test_steps_add_up(counters: Counters) -> None:
    """In one write and in several; a cell that is empty again is as if it had never been."""
    count(counters, step(1, scheduled=1), step(2, scheduled=1))
    count(counters, step(3, scheduled=-1, running=1))
    assert counters.find(DAY).cells == {SCHEDULED: 1, RUNNING: 1}
    count(counters, step(4, running=-1, succeeded=1))
    assert counters.find(DAY).cells == {SCHEDULED: 1, SUCCEEDED: 1}


def test_what_comes_again_is_not_counted_again(counters: Counters) -> None:
    """The same steps, some of them, or in other company; with the new ones among them, which are counted."""
    first, second, third, fourth = (step(number, scheduled=1) for number in range(4))
    count(counters, first, second, third)
    count(counters, first, second, third)
    count(counters, second)
    count(counters, second, third, fourth)
    count(counters, first)
    assert counters.find(DAY).cells == {SCHEDULED: 4}


def test_steps_that_undo_each_other_are_remembered_too(counters: Counters) -> None:
    """Or the first of them, coming again alone, would be counted."""
    count(counters, step(1, scheduled=-1, running=1), step(2, running=-1, scheduled=1))
    count(counters, step(1, scheduled=-1, running=1))
    assert counters.find(DAY).cells == {}


def test_each_lane_is_counted_for_itself(counters: Counters) -> None:
    """Their sequence numbers say nothing about each other; a number with fewer digits is smaller."""
    count(counters, step(9, scheduled=1))
    count(counters, step(1, scheduled=1), lane="another")
    count(counters, Step(99, {SCHEDULED: 1}), lane="a third")
    count(counters, Step(100, {SCHEDULED: 1}), lane="a third")
    count(counters, Step(100, {SCHEDULED: 1}), lane="a third")
    assert counters.find(DAY).cells == {SCHEDULED: 4}


def test_days_are_counted_each_for_itself(counters: Counters) -> None:
    """A day that was counted alone, before whoever counted died, does not count twice with the others."""
    steps = {day: [step(1, scheduled=1)] for day in (DAY, NEXT_DAY, Day("bob", DAY.number))}
    count(counters, *steps[NEXT_DAY], day=NEXT_DAY)
    assert counters.add(steps, lane=LANE, now_ms=NOW_MS) == []
    assert [counters.find(day).cells for day in steps] == [{SCHEDULED: 1}] * 3


def test_many_days_at_once(counters: Counters) -> None:
    """A batch whose jobs are due each on another day."""
    days = [Day("ada", DAY.number + number) for number in range(100)]
    counters.add({day: [step(1, scheduled=1)] for day in days}, lane=LANE, now_ms=NOW_MS)
    found = counters.read("ada", first=DAY.number, last=DAY.number + 99)
    assert [(one.day, one.cells) for one in found] == [(day, {SCHEDULED: 1}) for day in days]


def test_many_cells_of_one_day_at_once(counters: Counters) -> None:
    """Every quarter and every status, more than one write takes."""
    cells = [Cell(quarter, status) for quarter in range(96) for status in Status]
    count(counters, *(Step(number, {cell: 1}) for number, cell in enumerate(cells)))
    assert counters.find(DAY).cells == dict.fromkeys(cells, 1)


def test_history_is_counted_beside_what_is_there(counters: Counters) -> None:
    """With the same quarter and status."""
    history = SUCCEEDED._replace(expired=True)
    count(counters, Step(1, {SUCCEEDED: 2}), Step(2, {SUCCEEDED: -1, history: 1}))
    assert counters.find(DAY).cells == {SUCCEEDED: 1, history: 1}


def test_an_owner_reads_a_range_of_their_own_days(counters: Counters) -> None:
    """T5: nobody else's, also of one whose name begins like it; in order, both ends included."""
    for owner in ("ada", "ada#1", "ad", "bob"):
        for number in (3, 1, 2, 4):
            count(counters, step(1, scheduled=1), day=Day(owner, DAY.number + number))
    found = counters.read("ada", first=DAY.number + 2, last=DAY.number + 3)
    assert [one.day for one in found] == [Day("ada", DAY.number + 2), Day("ada", DAY.number + 3)]


@pytest.mark.parametrize("number", [0, 20_000, 80_000, 2_900_000])
def test_any_day_that_a_job_can_be_due_on_has_counters(counters: Counters, number: int) -> None:
    """From 1970 to the end of the calendar."""
    day = Day("ada", number)
    count(counters, step(1, scheduled=1), day=day)
    assert [one.day for one in counters.read("ada", first=number, last=number)] == [day]


def test_a_day_is_replaced_if_nothing_was_counted_meanwhile(counters: Counters) -> None:
    """What a recount has found; a write in between is not lost, and what comes again is still not counted again."""
    count(counters, step(1, scheduled=1), step(2, succeeded=1))
    found = counters.find(DAY)
    mended = replace(found, cells={SCHEDULED: 5}, version=found.version + 1)
    assert counters.replace(mended)
    assert not counters.replace(replace(mended, cells={}))
    assert counters.find(DAY) == mended
    count(counters, step(2, succeeded=1))
    assert counters.find(DAY).cells == {SCHEDULED: 5}
    count(counters, step(3, scheduled=1))
    assert counters.find(DAY).cells == {SCHEDULED: 6}


def test_a_day_without_counters_is_replaced_too(counters: Counters) -> None:
    """If it still has none."""
    assert counters.replace(DayCount(DAY, {SCHEDULED: 2}, version=1))
    assert not counters.replace(DayCount(DAY, {SCHEDULED: 3}, version=1))
    assert counters.find(DAY).cells == {SCHEDULED: 2}


def test_lanes_of_the_last_day_are_remembered_however_many_there_are(counters: Counters) -> None:
    """A stream has new ones every few hours, for months: those of which nothing can come again may be forgotten."""
    for number in range(40):
        now_ms = NOW_MS + number * 3_600_000
        count(counters, step(1, scheduled=1), lane=f"shard {number}", now_ms=now_ms)
    for number in range(40 - SEEN_FOR_MS // 3_600_000, 40):
        count(counters, step(1, scheduled=1), lane=f"shard {number}", now_ms=now_ms)
    assert counters.find(DAY).cells == {SCHEDULED: 40}


def test_unfinished_jobs_of_a_day_and_all_that_follow(counters: Counters) -> None:
    """Scheduled and running ones, of this owner."""
    count(counters, step(1, scheduled=1), step(2, scheduled=1), step(3, running=1), step(4, succeeded=1))
    count(counters, step(5, scheduled=1), day=Day("ada", DAY.number + 36_500))
    count(counters, step(6, scheduled=1), day=Day("ada", DAY.number - 1))
    count(counters, step(7, scheduled=1), day=Day("eve", DAY.number))
    assert counters.unfinished("ada", first=DAY.number) == 4
    assert counters.unfinished("bob", first=DAY.number) == 0
