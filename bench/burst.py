"""What AWS makes of many jobs at once when nothing ran before: played through, not measured.

An event source of SQS begins with five batches at once and adds at most 300 a minute while messages wait (AWS, *Lambda
event source mappings for SQS, scaling*). Those that get no worker in time are late, whatever our code does.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

FIRST_WORKERS = 5
ADDED_A_SECOND = 5.0
LARGEST_BATCH = 10
SPREAD_MS = 1000.0
"""Messages are delayed by whole seconds, so those of one instant become visible over one second."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Milliseconds: how early messages come at the latest, what a new worker needs to start, what a batch needs from
    its start until it can send, and from sending until it is settled. `workers` is the most that there may be."""

    lead_ms: float
    cold_ms: float
    prepare_ms: float
    finish_ms: float
    workers: int


@dataclass(frozen=True, slots=True)
class Burst:
    """How late each job is, and what was paid for."""

    lateness_ms: Sequence[float]
    invocations: int
    busy_ms: float


def play(jobs: int, pace: Pace, *, over_ms: float = 0.0) -> Burst:
    """Play it: time 0 is the first job's instant. The others' are the same, or spread evenly over some time."""
    first_ms = -pace.lead_ms - SPREAD_MS
    due = [over_ms * number / jobs for number in range(jobs)]
    visible = [first_ms + due_ms + SPREAD_MS * number / jobs for number, due_ms in enumerate(due)]
    # When each worker is free, and whether it has yet to start.
    workers = [(_polls_from_ms(number, first_ms), True) for number in range(pace.workers)]
    heapq.heapify(workers)
    lateness: list[float] = []
    invocations, busy_ms = 0, 0.0
    while len(lateness) < jobs:
        free_ms, is_cold = heapq.heappop(workers)
        done = len(lateness)
        began_ms = max(free_ms, visible[done])
        batch = sum(at_ms <= began_ms for at_ms in visible[done : done + LARGEST_BATCH])
        ready_ms = began_ms + (pace.cold_ms if is_cold else 0) + pace.prepare_ms
        lateness += [max(0.0, ready_ms - due_ms) for due_ms in due[done : done + batch]]
        ended_ms = max(ready_ms, due[done + batch - 1]) + pace.finish_ms
        invocations += 1
        busy_ms += ended_ms - began_ms
        heapq.heappush(workers, (ended_ms, False))
    return Burst(lateness, invocations, busy_ms)


def _polls_from_ms(number: int, first_ms: float) -> float:
    """When a worker gets its first message: the first ones wait for it, the others are added once it is there."""
    return first_ms + max(0, number - FIRST_WORKERS + 1) * 1000 / ADDED_A_SECOND
