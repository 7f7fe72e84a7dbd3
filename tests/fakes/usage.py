"""The fake of what owners have and use; it runs through the same contract suite as the adapter."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from lambdas.jobs.errors import DamagedItem, StoreUnavailable
from lambdas.jobs.job import Job
from lambdas.jobs.limits import MINUTE_MS, Counter, Standing, Taken
from tests.fakes.hooks import Hooks

Result = TypeVar("Result")


class FakeUsage:
    """Counters and limits in dictionaries, each method atomic; jobs are counted where `jobs` has them.

    `before[method]` and `after[method]` are called once, at the next use of that method; `down` makes every method
    raise, `damaged` makes no owner's limits readable. `asked` counts the calls by method, `writes` the writes.
    """

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.damaged = False
        self.asked: dict[str, int] = defaultdict(int)
        self.writes = 0
        self._jobs = jobs
        self._limits: dict[str, Mapping[str, int]] = {}
        self._taken: dict[Counter, int] = defaultdict(int)
        self._lock = threading.Lock()

    def standing(self, owner: str, *, now_ms: int) -> Standing:
        def stands() -> Standing:
            if self.damaged:
                raise DamagedItem(f"OWNER#{owner}/LIMITS", "a test said so")
            return Standing(self._limits.get(owner, {}), sum(1 for _ in self._upcoming(owner)))

        return self._call("standing", stands)

    def due(self, owner: str, *, minute_ms: int, at_most: int) -> int:
        def counted() -> int:
            due = [job for job in self._upcoming(owner) if 0 <= job.due_at_ms - minute_ms < MINUTE_MS]
            return min(len(due), at_most)

        return self._call("due", counted)

    def take(self, counter: Counter, *, least: int, most: int, limit: int) -> Taken:
        def take() -> Taken:
            self.writes += 1
            room = max(0, limit - self._taken[counter])
            units = 0 if room < least else min(most, room)
            self._taken[counter] += units
            return Taken(units, room - units)

        return self._call("take", take)

    def taken(self, counter: Counter) -> int:
        return self._call("taken", lambda: self._taken[counter])

    def set_limits(self, owner: str, limits: Mapping[str, int]) -> None:
        self._call("set_limits", lambda: self._limits.__setitem__(owner, dict(limits)))

    def _upcoming(self, owner: str) -> Iterable[Job]:
        return (job for job in self._jobs if job.owner == owner and not job.status.finished)

    def _call(self, method: str, do: Callable[[], Result]) -> Result:
        self.asked[method] += 1
        if self.down:
            raise StoreUnavailable("a test said so")
        if happen := self.before.pop(method, None):
            happen()
        with self._lock:
            result = do()
        if happen := self.after.pop(method, None):
            happen()
        return result
