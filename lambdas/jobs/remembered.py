"""A small memory in front of a look-up, so that what many jobs ask for is asked for once in a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from lambdas.jobs.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """What a look-up answered, by key, for a limited time; that there is nothing (None) is an answer too.

    Threads that ask for one key at the same time share one look-up, and its error if it fails: none of them waits for
    a second time-out. Errors are not remembered. `for_ms` counts from when the look-up began, so an answer is never
    older than that; `most` is how many answers are kept, those that were looked up last.
    """

    def __init__(self, look_up: Callable[[K], V], *, clock: Clock, for_ms: int, most: int = 10_000) -> None:
        self._look_up = look_up
        self._clock = clock
        self._for_ms = for_ms
        self._most = most
        self._entries: dict[K, _Entry[V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V:
        """The answer for a key. Raises whatever the look-up raises."""
        now_ms = self._clock.now_ms()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._holds(entry, now_ms):
                mine = None
            else:
                mine = entry = _Entry(now_ms)
                self._entries.pop(key, None)  # so that the order is that of the look-ups
                self._entries[key] = entry
                if len(self._entries) > self._most:
                    del self._entries[next(iter(self._entries))]
        if mine is not None:
            self._fill(key, mine)
        return entry.answer.result()

    def _holds(self, entry: _Entry[V], now_ms: int) -> bool:
        """Whether to go by an entry: a look-up that is under way counts, however long it takes."""
        # A clock that was set back must not make an old answer young again.
        return not entry.answer.done() or 0 <= now_ms - entry.since_ms < self._for_ms

    def _fill(self, key: K, entry: _Entry[V]) -> None:
        try:
            entry.answer.set_result(self._look_up(key))
        except BaseException as error:
            with self._lock:
                if self._entries.get(key) is entry:
                    del self._entries[key]
            entry.answer.set_exception(error)


@dataclass(slots=True, eq=False)
class _Entry(Generic[V]):
    since_ms: int
    answer: Future[V] = field(default_factory=Future)
