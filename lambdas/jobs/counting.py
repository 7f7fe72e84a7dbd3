"""How many jobs an owner has, by quarter of an hour of due time and by status: from changes of jobs to counters.

Every change of a job takes it from the cell where it was counted and puts it into another. Changes come from the
table's stream: those of one job in their order, any of them perhaps again. So each day's counters note, for each lane
in which changes come, up to where they were counted, in the very write that counts them (`ports.Counters`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lambdas.jobs.job import Status

QUARTER_MS = 15 * 60_000
"""Counters are kept by quarters of an hour, because the clocks of some zones differ from UTC by quarters."""

QUARTERS_A_DAY = 96
DAY_MS = QUARTERS_A_DAY * QUARTER_MS

SEEN_FOR_MS = 25 * 3_600_000
"""How long is known up to where a lane was counted: longer than the stream keeps what it could deliver again, 24 h."""


_EPOCH = date(1970, 1, 1)


class Day(NamedTuple):
    """A day of an owner's due times, in UTC; `number` counts from 1970-01-01."""

    owner: str
    number: int

    @property
    def text(self) -> str:
        """`2026-11-29`."""
        return (_EPOCH + timedelta(days=self.number)).isoformat()


class Cell(NamedTuple):
    """What is counted together in a day: jobs due in one quarter of an hour (0–95) with one status.

    `expired` jobs are in the table no more. They had that status when they went, and count as history.
    """

    quarter: int
    status: Status
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """As what a job is counted."""

    owner: str
    due_at_ms: int
    status: Status

    @property
    def day(self) -> Day:
        return Day(self.owner, self.due_at_ms // DAY_MS)

    def cell(self, *, expired: bool = False) -> Cell:
        return Cell(self.due_at_ms % DAY_MS // QUARTER_MS, self.status, expired)


@dataclass(frozen=True, slots=True)
class Change:
    """One write of a job: as what it was counted before and after, None when it was or is not there (to be read).

    `sequence` grows within a lane. `expired`: the job went because its time was over; a job that somebody deleted
    is counted no more.
    """

    sequence: int
    before: Standing | None
    after: Standing | None
    expired: bool = False


class Step(NamedTuple):
    """What one change does to the counters of one day."""

    sequence: int
    cells: Mapping[Cell, int]


@dataclass(frozen=True, slots=True)
class DayCount:
    """The counters of a day: how many jobs are in each cell. `seen` says, lane by lane, up to where and when it was
    counted: `<sequence>@<epoch ms>`; `version` rises with every write and is 0 when there is nothing yet."""

    day: Day
    cells: Mapping[Cell, int] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    version: int = 0

    @property
    def counted_at_ms(self) -> int:
        """When something was last counted (epoch ms); 0 if nothing was."""
        return max((int(seen.partition("@")[2]) for seen in self.seen.values()), default=0)


def day_number(text: str) -> int:
    """The number of the day that is written `2026-11-29`. Raises ValueError."""
    return (date.fromisoformat(text) - _EPOCH).days


def steps_of(changes: Iterable[Change]) -> Mapping[Day, Sequence[Step]]:
    """What changes of one lane, in their order, do to each day. A change that moves no job does nothing."""
    steps: dict[Day, list[Step]] = {}
    for change in changes:
        for day, cells in _moves(change).items():
            if moved := {cell: number for cell, number in cells.items() if number}:
                steps.setdefault(day, []).append(Step(change.sequence, moved))
    return steps


def total(steps: Iterable[Step]) -> Mapping[Cell, int]:
    """What several steps do together; cells that end as they began are left out."""
    cells: Counter[Cell] = Counter()
    for step in steps:
        cells.update(step.cells)
    return {cell: number for cell, number in cells.items() if number}


def recounted(jobs: Iterable[Standing]) -> Mapping[Day, Mapping[Cell, int]]:
    """The counters that jobs should have, of those that are in the table."""
    days: dict[Day, Counter[Cell]] = {}
    for job in jobs:
        days.setdefault(job.day, Counter())[job.cell()] += 1
    return days


def mended(found: DayCount, present: Mapping[Cell, int]) -> DayCount:
    """A day's counters with what is in the table set right; what has expired is known from nowhere else, and stays."""
    history = {cell: number for cell, number in found.cells.items() if cell.expired}
    return DayCount(found.day, {**history, **present}, found.seen, found.version + 1)


def _moves(change: Change) -> Mapping[Day, Counter[Cell]]:
    moves: dict[Day, Counter[Cell]] = {}
    for standing, number in ((change.before, -1), (change.after, 1)):
        if standing is not None:
            moves.setdefault(standing.day, Counter())[standing.cell()] += number
    gone = change.before
    if change.expired and gone is not None and gone.status.finished:
        moves[gone.day][gone.cell(expired=True)] += 1
    return moves
