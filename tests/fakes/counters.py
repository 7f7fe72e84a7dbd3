"""The fake of the counters; it runs through the same contract suite as the adapter."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from lambdas.jobs.counting import Cell, Day, DayCount, Standing, Step, total
from lambdas.jobs.errors import DamagedItem, StoreUnavailable
from lambdas.jobs.job import UPCOMING
from tests.fakes.hooks import Hooks


class FakeCounters:
    """Days in a dictionary, each write atomic.

    `before[method]` is called once, at the next use of that method, and `between` once, when one day of several is
    counted and the next is not; `down` makes every method raise, `damaged` holds days that cannot be understood.
    """

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.between: Hooks = {}
        self.down = False
        self.damaged: set[Day] = set()
        self._days: dict[Day, DayCount] = {}
        self._lock = threading.Lock()

    def add(self, steps: Mapping[Day, Sequence[Step]], *, lane: str, now_ms: int) -> Sequence[Day]:
        self._happen(self.before, "add")
        for day, taken in steps.items():
            if day not in self.damaged:
                with self._lock:
                    self._count(day, taken, lane, now_ms)
            self._happen(self.between, "add")
        return [day for day in steps if day in self.damaged]

    def read(self, owner: str, *, first: int, last: int) -> Sequence[DayCount]:
        self._happen(self.before, "read")
        with self._lock:
            days = sorted(day for day in self._days if day.owner == owner and first <= day.number <= last)
        return [self._readable(day) for day in days]

    def unfinished(self, owner: str, *, first: int) -> int:
        self._happen(self.before, "unfinished")
        with self._lock:
            days = [day for day in self._days if day.owner == owner and day.number >= first]
        cells = (self._readable(day).cells.items() for day in days)
        return sum(number for day in cells for cell, number in day if cell.status in UPCOMING)

    def find(self, day: Day) -> DayCount:
        self._happen(self.before, "find")
        return self._readable(day)

    def replace(self, count: DayCount) -> bool:
        self._happen(self.before, "replace")
        with self._lock:
            written = self._days.get(count.day, DayCount(count.day)).version == count.version - 1
            if written:
                self._days[count.day] = count
        return written

    def cells(self) -> Mapping[Day, Mapping[Cell, int]]:
        """All that is counted, without cells that are empty."""
        days = {
            day: {cell: number for cell, number in count.cells.items() if number} for day, count in self._days.items()
        }
        return {day: cells for day, cells in days.items() if cells}

    def preset(self, *jobs: Standing) -> None:
        """Have jobs counted."""
        for job in jobs:
            count = self._days.get(job.day, DayCount(job.day))
            cells = Counter(count.cells)
            cells[job.cell()] += 1
            self._days[job.day] = DayCount(job.day, cells, count.seen, count.version + 1)

    def _count(self, day: Day, steps: Sequence[Step], lane: str, now_ms: int) -> None:
        count = self._days.get(day, DayCount(day))
        last = int(count.seen.get(lane, "-1@").partition("@")[0])
        new = [step for step in steps if step.sequence > last]
        if new:
            cells = Counter(count.cells)
            cells.update(total(new))
            seen = {**count.seen, lane: f"{new[-1].sequence}@{now_ms}"}
            self._days[day] = DayCount(
                day, {cell: number for cell, number in cells.items() if number}, seen, count.version + 1
            )

    def _readable(self, day: Day) -> DayCount:
        if day in self.damaged:
            raise DamagedItem("STATS#", "a test said so")
        with self._lock:
            return self._days.get(day, DayCount(day))

    def _happen(self, hooks: Hooks, method: str) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
        if happen := hooks.pop(method, None):
            happen()
