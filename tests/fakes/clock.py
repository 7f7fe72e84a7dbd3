"""A clock that tests move."""

from __future__ import annotations

NOW_MS = 1_790_000_000_000
"""2026-09-21T14:13:20Z: when tests begin, unless they say otherwise."""


class FakeClock:
    """A clock that stands until it is moved."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms

    def advance(self, *, seconds: float = 0, ms: int = 0) -> int:
        """Move on, and return the new time."""
        self.ms += round(seconds * 1000) + ms
        return self.ms
