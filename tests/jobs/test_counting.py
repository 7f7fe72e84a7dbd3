"""From changes of jobs to counters: after any history, delivered in any way, they equal a recount."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.jobs.counting import (
    DAY_MS,
    QUARTER_MS,
    Cell,
    Change,
    Day,
    DayCount,
    Standing,
    mended,
    recounted,
    steps_of,
    total,
)
from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.job import Status
from tests.fakes import NOW_MS, FakeCounters

DAY = Day("ada", NOW_MS // DAY_MS)


def standing(status: Status = Status.SCHEDULED, *, due_at_ms: int = NOW_MS, owner: str = "ada") -> Standing:
    return Standing(owner, due_at_ms, status)


def effect(before: Standing | None, after: Standing | None, *, expired: bool = False) -> dict[Day, dict[Cell, int]]:
    """What one change does."""
    steps = steps_of([Change(7, before, after, expired)])
    assert all(step.sequence == 7 for several in steps.values() for step in several)
    return {day: dict(total(several)) for day, several in steps.items()}


def test_a_new_job_is_counted_where_it_is_due() -> None:
    """14:13:20 is in the quarter that begins at 14:00, the 57th of its day."""
    assert effect(None, standing()) == {DAY: {Cell(56, Status.SCHEDULED): 1}}


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_a_change_of_status_moves_a_job_and_makes_none(before: Status, after: Status) -> None:
    """And what leaves it where it was does nothing."""
    moved = effect(standing(before), standing(after))
    assert moved == ({} if before is after else {DAY: {Cell(56, before): -1, Cell(56, after): 1}})


def test_a_new_due_time_moves_a_job_to_another_quarter_or_day() -> None:
    """Within a quarter nothing changes."""
    tomorrow = Day("ada", DAY.number + 1)
    assert effect(standing(), standing(due_at_ms=NOW_MS + 60_000)) == {}
    later, after = Cell(57, Status.SCHEDULED), Cell(56, Status.SCHEDULED)
    assert effect(standing(), standing(due_at_ms=NOW_MS + QUARTER_MS)) == {DAY: {after: -1, later: 1}}
    assert effect(standing(), standing(due_at_ms=NOW_MS + DAY_MS)) == {DAY: {after: -1}, tomorrow: {after: 1}}


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_a_job_that_expires_becomes_history(status: Status) -> None:
    """F30: it is in the table no more, and is counted all the same; one that somebody deletes is not."""
    assert effect(standing(status), None, expired=True) == {DAY: {Cell(56, status): -1, Cell(56, status, True): 1}}
    assert effect(standing(status), None) == {DAY: {Cell(56, status): -1}}


def test_an_unfinished_job_that_is_gone_is_no_history() -> None:
    """Nothing came of it."""
    assert effect(standing(), None, expired=True) == {DAY: {Cell(56, Status.SCHEDULED): -1}}


def test_a_recount_sets_right_what_is_there_and_keeps_history() -> None:
    """Also where nothing is left in the table."""
    history, wrong = Cell(3, Status.FAILED, expired=True), Cell(4, Status.RUNNING)
    found = DayCount(DAY, {history: 2, wrong: -1}, {"lane": "12@34"}, 5)
    (jobs,) = recounted([standing(), standing(), standing(Status.SUCCEEDED)]).values()
    assert mended(found, jobs) == DayCount(
        DAY, {history: 2, Cell(56, Status.SCHEDULED): 2, Cell(56, Status.SUCCEEDED): 1}, {"lane": "12@34"}, 6
    )
    assert mended(found, {}).cells == {history: 2}


# A job's next write: another status, another due time, another owner's job of the same kind, expiry, deletion.
STATUSES = st.sampled_from(Status)
DUE_TIMES = st.sampled_from([NOW_MS, NOW_MS + 1, NOW_MS + QUARTER_MS, NOW_MS + DAY_MS])
STANDINGS = st.builds(Standing, st.sampled_from(["ada", "bob"]), DUE_TIMES, STATUSES)
WRITES = st.lists(st.tuples(st.integers(0, 7), st.one_of(STANDINGS, st.just("expired"), st.just("deleted"))))
# How a shard's records come: so many in a batch; then how often again, from how far back, and whether it dies midway.
DELIVERIES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4), st.sampled_from(["well", "away", "half"])))
LANES = 2


@dataclass
class Table:
    """Jobs, and the stream of their writes: those of one job always in the same lane."""

    jobs: dict[int, Standing] = field(default_factory=dict)
    history: list[Standing] = field(default_factory=list)
    lanes: list[list[Change]] = field(default_factory=lambda: [[] for _ in range(LANES)])
    written: int = 0

    def write(self, job: int, what: Standing | str) -> None:
        before = self.jobs.pop(job, None)
        after = what if isinstance(what, Standing) else None
        if before is None and after is None:
            return
        if after is not None:
            self.jobs[job] = after
        elif what == "expired" and before is not None and before.status.finished:
            self.history.append(before)
        self.written += 1
        self.lanes[job % LANES].append(Change(self.written, before, after, what == "expired"))

    def expected(self) -> dict[Day, dict[Cell, int]]:
        days: dict[Day, dict[Cell, int]] = {day: dict(cells) for day, cells in recounted(self.jobs.values()).items()}
        for gone in self.history:
            cells = days.setdefault(gone.day, {})
            cells[gone.cell(expired=True)] = cells.get(gone.cell(expired=True), 0) + 1
        return days


def deliver(lane: list[Change], name: str, counters: FakeCounters, deliveries: list[tuple[int, int, str]]) -> None:
    """All of a lane, in batches as told and then the rest; each batch until it is taken, some of it again and again."""

    def die() -> None:
        raise StoreUnavailable("the worker died here")

    done = 0
    for size, again, fate in [*deliveries, (len(lane), 0, "well")]:
        batch = lane[max(0, done - again) : done + size]
        if fate != "well":
            (counters.before if fate == "away" else counters.between)["add"] = die
        steps = steps_of(batch)
        try:
            counters.add(steps, lane=name, now_ms=NOW_MS)
        except StoreUnavailable:
            counters.add(steps, lane=name, now_ms=NOW_MS)
        counters.before.clear()
        counters.between.clear()
        done += size


@given(writes=WRITES, deliveries=st.lists(DELIVERIES, min_size=LANES, max_size=LANES))
def test_whatever_happens_counters_equal_a_recount(
    writes: list[tuple[int, Standing | str]], deliveries: list[list[tuple[int, int, str]]]
) -> None:
    """F30: any history of any jobs; batches cut anyhow, delivered again, and left half-way by workers that die."""
    table, counters = Table(), FakeCounters()
    for job, what in writes:
        table.write(job, what)
    for number, lane in enumerate(table.lanes):
        deliver(lane, f"lane {number}", counters, deliveries[number])
    assert counters.cells() == table.expected()
