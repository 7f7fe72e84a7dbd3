"""Work in steps of the interpreter, not in seconds: the same on every machine, however busy it is."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from lambdas.jobs.errors import PunctualError

GROWTH = 4
TOLERANCE = 1.3
"""Beside what grows there is what does not, and a loop's last round. Four times as much must not be sixteen times the
work, nor even six."""


def steps(act: Callable[[], object]) -> int:
    """How many instructions Python executes for it, libraries in Python included. A refusal is work like any other."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()  # who listens to the collector, as hypothesis does, is told in Python, now and then
    sys.settrace(trace)
    try:
        with suppress(PunctualError):
            act()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return count


def grows_linearly(work: Callable[[int], int], size: int) -> bool:
    """Whether the work on four times as much is about four times the work at most."""
    least, most = work(size), work(size * GROWTH)
    return most <= least * GROWTH * TOLERANCE
