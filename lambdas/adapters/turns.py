"""Turns at Python's lock: a few threads at a time, and none while something is about to be sent.

Python lets one thread run at a time and does not ask whose turn it is. A starter that wakes among a hundred threads
with answers to read gets the lock in a second or two; among four, in a millisecond. So whoever reads or opens takes
a turn first, gives it back wherever it waits for the network, and is let in again when there is room.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType


class Turns:
    """So many turns, given in the order in which they were asked for: `with turns: …`."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._paused = False
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque()

    def __enter__(self) -> None:
        self.take()

    def take(self) -> None:
        """Wait for a turn."""
        let_in = threading.Lock()
        let_in.acquire()
        self.grant(let_in.release)
        let_in.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Give the turn back."""
        with self._lock:
            self._free += 1
            self._let_in()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Around what waits for something other than Python: the turn is given back meanwhile."""
        self.leave()
        try:
            yield
        finally:
            self.take()

    def grant(self, tell: Callable[[], object]) -> None:
        """Call `tell` when there is a turn for whoever it wakes; does not wait for that."""
        with self._lock:
            self._waiting.append(tell)
            self._let_in()

    def pause(self) -> None:
        """Give no more turns until `resume`. Those that are given go on."""
        self._paused = True

    def resume(self) -> None:
        """Give turns again."""
        with self._lock:
            self._paused = False
            self._let_in()

    def _let_in(self) -> None:
        while self._free and self._waiting and not self._paused:
            self._free -= 1
            self._waiting.popleft()()
