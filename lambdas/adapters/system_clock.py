"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """UTC, as the machine knows it: AWS keeps Lambda's clocks within a millisecond or so of each other."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
