"""Counters become what the jobs are, while jobs go on, and history stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import time_machine

from lambdas.jobs.counting import Cell, Change, Day, Standing, mended, steps_of
from lambdas.jobs.job import Job, Status
from ops import recount
from ops.place import Place
from tests.examples import RETENTION_MS, a_job, new_id
from tests.fakes import NOW_MS

Lines = Callable[[], list[str]]
Shift = Callable[[float], object]

MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def shift() -> Iterator[Shift]:
    """Moves a clock that stands ten minutes after tests begin."""
    with time_machine.travel((NOW_MS + 10 * MINUTE_MS) / 1000, tick=False) as traveller:
        yield traveller.shift


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch, shift: Shift) -> list[Callable[[], object]]:
    """What happens while the command waits, besides time."""
    happenings: list[Callable[[], object]] = []

    def sleep(seconds: float) -> None:
        shift(seconds)
        while happenings:
            happenings.pop()()

    monkeypatch.setattr("ops.recount.time.sleep", sleep)
    return happenings


def add(at: Place, owner: str = "ada", *, cancelled: bool = False) -> Job:
    job = at.store.add(a_job(id=new_id(), owner=owner))
    if cancelled:
        job = at.store.replace(job.cancelled(now_ms=NOW_MS, retention_ms=RETENTION_MS), read_version=1)
    return job


def standing(job: Job) -> Standing:
    return Standing(job.owner, job.due_at_ms, job.status)


def count(at: Place, *changes: Change, now_ms: int = NOW_MS) -> None:
    at.counters.add(steps_of(changes), lane="lane", now_ms=now_ms)


def day_of(job: Job) -> Day:
    return standing(job).day


def cells(at: Place, job: Job) -> dict[Status, int]:
    return {cell.status: number for cell, number in at.counters.find(day_of(job)).cells.items()}


def test_counters_become_what_the_jobs_are(at: Place, printed: Lines) -> None:
    """Too few, too many, none at all; without --write it only says so."""
    few = [add(at), add(at), add(at, cancelled=True)]
    count(at, Change(1, None, standing(few[0])))
    none = add(at, "eve")
    gone = replace(standing(few[0]), owner="nobody")
    count(at, Change(2, None, gone))

    assert recount.main([]) == 0
    assert printed() == [
        f"{owner}  {day_of(none).text}  {change}; add --write"
        for owner, change in (
            ("ada", "scheduled 1 → 2; cancelled 0 → 1"),
            ("eve", "scheduled 0 → 1"),
            ("nobody", "scheduled 1 → 0"),
        )
    ]
    assert cells(at, none) == {}
    assert recount.main(["--write"]) == 0
    assert cells(at, few[0]) == {Status.SCHEDULED: 2, Status.CANCELLED: 1}
    assert cells(at, none) == {Status.SCHEDULED: 1}
    assert at.counters.find(gone.day).cells == {}
    printed()
    assert recount.main(["--write"]) == 0
    assert printed() == []


def test_one_owner_is_set_right_alone(at: Place, printed: Lines) -> None:
    """The others are not even said."""
    ada, eve = add(at), add(at, "eve")
    assert recount.main(["--write", "--owner", "eve"]) == 0
    assert len(printed()) == 1
    assert (cells(at, ada), cells(at, eve)) == ({}, {Status.SCHEDULED: 1})


def test_history_stays(at: Place) -> None:
    """F30: what has expired is in no table that could be counted."""
    job = add(at)
    ended = replace(standing(job), status=Status.SUCCEEDED)
    count(at, Change(1, None, ended), Change(2, ended, None, expired=True), Change(3, None, ended))
    assert recount.main(["--write"]) == 0
    quarter = standing(job).cell().quarter
    assert at.counters.find(day_of(job)).cells == {
        Cell(quarter, Status.SUCCEEDED, expired=True): 1,
        Cell(quarter, Status.SCHEDULED): 1,
    }


def test_what_was_only_late_is_left_to_be_counted(
    at: Place, printed: Lines, waited: list[Callable[[], object]]
) -> None:
    """A job that was just stored: its change is counted while the command waits, and not a second time."""
    job = add(at)
    waited.append(lambda: count(at, Change(1, None, standing(job)), now_ms=at.now_ms()))
    assert recount.main(["--write"]) == 0
    assert "was counted meanwhile, and is right" in printed()[0]
    assert cells(at, job) == {Status.SCHEDULED: 1}


def test_a_day_in_motion_is_left_alone(
    at: Place, printed: Lines, waited: list[Callable[[], object]], shift: Shift
) -> None:
    """Something was counted since the table was read, or just before: whether the reading has it, nobody knows."""
    job = add(at)
    wrong = replace(standing(job), status=Status.FAILED)
    waited.append(lambda: count(at, Change(1, None, wrong), now_ms=at.now_ms()))
    assert recount.main(["--write"]) == 1
    assert printed() == [f"ada  {day_of(job).text}  in motion"]
    assert cells(at, job) == {Status.FAILED: 1}
    assert recount.main(["--write"]) == 1, "a minute has passed since; the clocks of two machines may differ by that"
    shift(1)
    assert recount.main(["--write"]) == 0
    assert cells(at, job) == {Status.SCHEDULED: 1}


def test_a_change_in_the_very_moment_wins(at: Place, printed: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the last look and the write."""
    job = add(at)
    real = mended

    def rival(*given: object) -> object:
        count(at, Change(1, None, standing(job)))
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("ops.recount.mended", rival)
    assert recount.main(["--write"]) == 1
    assert "in motion" in printed()[0]
    assert cells(at, job) == {Status.SCHEDULED: 1}


def test_what_cannot_be_read_is_said_and_the_rest_set_right(at: Place, printed: Lines) -> None:
    """F28: a job that is damaged is no job to the counters; counters that are damaged are named."""
    job, broken = add(at), add(at)
    at.table.update((f"JOB#{broken.id}", "JOB"), "SET #status = :what", {"what": "odd"}, condition="")
    at.table.put({"pk": "STATS#eve", "sk": "2026-09-21", "version": 1, "s5": "five"})
    assert recount.main(["--write"]) == 1
    assert printed()[0].startswith("STATS#eve/2026-09-21: cannot be read")
    assert cells(at, job) == {Status.SCHEDULED: 1}
