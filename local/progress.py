"""How the local stack speaks to the person who started it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class RunFailed(Exception):
    """The stack cannot be started or has stopped; the text says what went wrong and what to do."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is done now, and how long it took once it is done."""
    started = time.monotonic()
    print(f"  {title} ...", flush=True)
    yield
    print(f"  {title}: {time.monotonic() - started:.1f} s", flush=True)


def harmless(text: str) -> str:
    """A line that others had a hand in, fit for a terminal: a sign in the place of each character that is not printed
    but does something, such as a line's end, an escape, or a change of the direction of writing."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def wall_clock(at_ms: int | None = None) -> str:
    """A time of day in this machine's zone to the millisecond: `14:03:07.042`."""
    seconds, millis = divmod(time.time_ns() // 1_000_000 if at_ms is None else at_ms, 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{millis:03d}"
