"""A clock with fractions of a millisecond, for what must leave on its millisecond."""

from __future__ import annotations

import time
from typing import Protocol


class PreciseClock(Protocol):
    """The wall clock (epoch milliseconds, UTC), finer than the core needs it."""

    def now_ms(self) -> float:
        """Now, with a fraction."""
        ...

    def sleep_until(self, at_ms: float) -> None:
        """Return at this time or just after it, never before; at once if it is past."""
        ...


class PreciseSystemClock:
    """The machine's clock."""

    def now_ms(self) -> float:
        return time.time_ns() / 1_000_000

    def sleep_until(self, at_ms: float) -> None:
        # The wall clock may be set while a thread sleeps, and a sleep may end early by the clocks' difference.
        while (left_ms := at_ms - self.now_ms()) > 0:
            time.sleep(left_ms / 1_000)
