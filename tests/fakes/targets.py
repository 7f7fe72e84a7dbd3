"""The fake of what is known of targets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from lambdas.jobs.errors import StoreUnavailable
from lambdas.jobs.target import Sign, Target
from tests.fakes.hooks import Hooks, happen

Result = TypeVar("Result")


class FakeTargets:
    """Records of targets in a dictionary. `down` says whether the table is away, as it is for the store beside it;
    `before` and `after` are as those of the store."""

    def __init__(self, down: Callable[[], bool] = lambda: False) -> None:
        self.before: Hooks = {}
        self.after: Hooks = {}
        self.writes = 0
        self._down = down
        self._records: dict[tuple[str, str], Target] = {}
        self._lock = threading.Lock()

    def find(self, owner: str, host: str) -> Target | None:
        return self._call("find", lambda: self._records.get((owner, host)))

    def count(self, owner: str, host: str, *, sign: Sign, now_ms: int) -> Target:
        def counted() -> Target:
            found = self._records.get((owner, host), Target(owner=owner, host=host, since_ms=now_ms, version=now_ms))
            failures, refusals = (found.failures + 1, 0) if sign is Sign.FAILURE else (0, found.refusals + 1)
            return self._put(replace(found, failures=failures, refusals=refusals))

        return self._call("count", counted)

    def replace(self, target: Target, *, read_version: int, now_ms: int) -> Target | None:
        def replaced() -> Target | None:
            found = self._records.get((target.owner, target.host))
            if (found.version if found else 0) != read_version:
                return found
            return self._put(target)

        return self._call("replace", replaced)

    def forget(self, target: Target) -> None:
        def forgotten() -> None:
            found = self._records.get((target.owner, target.host))
            if found is not None and found.version == target.version:
                del self._records[target.owner, target.host]
                self.writes += 1

        self._call("forget", forgotten)

    def lift(self, owner: str, host: str) -> bool:
        return self._call("lift", lambda: self._records.pop((owner, host), None)) is not None

    def list(self, owner: str) -> Sequence[Target]:
        return self._call("list", lambda: [self._records[key] for key in sorted(self._records) if key[0] == owner])

    def __getitem__(self, host: str) -> Target:
        """The record of a host of `ada`; KeyError if there is none."""
        return self._records["ada", host]

    def get(self, host: str) -> Target | None:
        """The record of a host of `ada`, or None."""
        return self._records.get(("ada", host))

    def __contains__(self, host: str) -> bool:
        return ("ada", host) in self._records

    def _put(self, target: Target) -> Target:
        self._records[target.owner, target.host] = target
        self.writes += 1
        return target

    def _call(self, method: str, do: Callable[[], Result]) -> Result:
        if self._down():
            raise StoreUnavailable("a test said so")
        happen(self.before, method)
        with self._lock:
            result = do()
        happen(self.after, method)
        return result
