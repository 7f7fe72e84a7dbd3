"""The fake of what failures wait to be told together; it runs through the same contract suite as the adapter."""

from __future__ import annotations

import threading

from lambdas.jobs.errors import DamagedItem, StoreUnavailable
from lambdas.jobs.grouping import Crowd, Group, GroupKey, Named, with_one_more
from tests.fakes.hooks import Hooks


class FakeAlertGroups:
    """Groups in a dictionary, each write atomic.

    `before[method]` and `after[method]` are called once, at the next use of that method; `down` makes every method
    raise, `damaged` makes no group readable.
    """

    def __init__(self) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.down = False
        self.damaged = False
        self.groups: dict[GroupKey, Group] = {}
        self._waiting: dict[tuple[GroupKey, int], dict[str, Named]] = {}
        self._lock = threading.Lock()

    def read(self, key: GroupKey) -> Group:
        self._happen(self.before, "read")
        if self.damaged:
            raise DamagedItem("ALERTS#", "a test said so")
        with self._lock:
            group = self.groups.get(key, Group())
        self._happen(self.after, "read")
        return group

    def write(self, key: GroupKey, group: Group, *, now_ms: int) -> bool:
        self._happen(self.before, "write")
        with self._lock:
            written = self.groups.get(key, Group()).version == group.version - 1
            if written:
                self.groups[key] = group
        self._happen(self.after, "write")
        return written

    def wait(self, key: GroupKey, job: Named, *, window_ms: int, now_ms: int) -> None:
        self._happen(self.before, "wait")
        with self._lock:
            self._waiting.setdefault((key, window_ms), {})[job.job_id] = job
        self._happen(self.after, "wait")

    def is_waiting(self, key: GroupKey, job_id: str, *, window_ms: int) -> bool:
        self._happen(self.before, "is_waiting")
        with self._lock:
            return job_id in self._waiting.get((key, window_ms), {})

    def waiting(self, key: GroupKey, *, window_ms: int) -> Crowd | None:
        self._happen(self.before, "waiting")
        crowd: Crowd | None = None
        with self._lock:
            for _, job in sorted(self._waiting.get((key, window_ms), {}).items()):
                crowd = with_one_more(crowd, job)
        return crowd

    def _happen(self, hooks: Hooks, method: str) -> None:
        if self.down:
            raise StoreUnavailable("a test said so")
        if happen := hooks.pop(method, None):
            happen()
