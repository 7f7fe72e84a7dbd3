"""Which faults are injected when: the part of a plan that is done to the service."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.chaos.planned import Fault, Given, Kind, PlannedFault, PlannedJob


def with_kills(jobs: Sequence[PlannedJob], minutes: int, dice: random.Random) -> list[PlannedJob]:
    """Mark jobs whose first request costs its worker its life."""
    marked = list(jobs)
    candidates = [job.number for job in jobs if job.ends_well and not job.changes]
    for number in dice.sample(candidates, min(2 * minutes + 2, len(candidates))):
        first, *rest = marked[number].answers
        during = dice.random() < 0.5
        kill = Fault.KILL_DURING if during else Fault.KILL_AFTER
        # An exchange of which only the end is lost must have been a good one: then what follows is a duplicate.
        killing = replace(first, kill=kill) if during else Given(kill=kill, wait_seconds=0.2)
        marked[number] = replace(marked[number], answers=(killing, *(rest or [replace(first, kill=None)])))
    return marked


def faults(jobs: Sequence[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
    """Kills, messages, sweeps, lost records and the restart, in no order."""
    yield from _kills(jobs, seconds, dice)
    yield from _messages(jobs, seconds, dice)
    for fault, a_minute in ((Fault.KILL_SWEEP, 0.5), (Fault.SWEEP_TWICE, 0.8)):
        for _ in _times(a_minute, seconds):
            yield PlannedFault(dice.uniform(10, seconds), fault, pick=dice.random())
    for _ in _times(0.3, seconds):
        job = _some(jobs, dice, most_ahead_s=20)
        yield PlannedFault(max(0.0, job.made_s - 2), Fault.STREAM_DROPPED, lasts_s=6)
    left_out_s = 125 if seconds >= 300 else 65
    yield PlannedFault(dice.uniform(0.1, 0.3) * seconds, Fault.SWEEPS_LEFT_OUT, lasts_s=left_out_s)
    yield PlannedFault(dice.uniform(0.5, 0.6) * seconds, Fault.RESTART)


def _kills(jobs: Sequence[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
    """Each at a moment when the function is likely to be at work."""
    for _ in _times(1, seconds):
        yield _aimed(_some(jobs, dice, kind=Kind.WELL), Fault.KILL_BEFORE, -dice.uniform(0.1, 1.2), dice)
    for _ in _times(0.6, seconds):
        job = _some(jobs, dice, most_ahead_s=20)
        yield PlannedFault(job.made_s + dice.uniform(0, 0.15), Fault.KILL_HAND_OFF)
    for _ in _times(0.6, seconds):
        yield PlannedFault(_some(jobs, dice).made_s + dice.uniform(0, 0.03), Fault.KILL_API)
    for _ in _times(0.6, seconds):
        yield _aimed(_some(jobs, dice, kind=Kind.BROKEN), Fault.KILL_BURY, dice.uniform(0.05, 0.5), dice)


def _messages(jobs: Sequence[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
    for _ in _times(5, seconds):
        yield _aimed(_some(jobs, dice), Fault.MESSAGE_DOUBLED, dice.uniform(-1.9, 3), dice)
    for _ in _times(2, seconds):
        yield _aimed(_some(jobs, dice), Fault.MESSAGE_STALE, dice.uniform(-2, 3), dice)
    for _ in _times(1, seconds):
        job = _some(jobs, dice, least_ahead_s=60)
        yield _aimed(job, Fault.MESSAGE_EARLY, -dice.uniform(20, job.ahead_s - 5), dice)
    for _ in _times(2.5, seconds):
        yield _aimed(_some(jobs, dice, least_ahead_s=6), Fault.MESSAGE_DROPPED, -3.1, dice)


def _times(a_minute: float, seconds: int) -> range:
    return range(max(1, round(a_minute * seconds / 60)))


def _some(
    jobs: Sequence[PlannedJob],
    dice: random.Random,
    *,
    kind: Kind | None = None,
    least_ahead_s: float = 0,
    most_ahead_s: float = float("inf"),
) -> PlannedJob:
    """Any job of this kind and distance that stays where it is."""
    return dice.choice(
        [
            job
            for job in jobs
            if least_ahead_s <= job.ahead_s <= most_ahead_s and not job.changes and kind in (None, job.kind)
        ]
    )


def _aimed(job: PlannedJob, fault: Fault, offset_s: float, dice: random.Random) -> PlannedFault:
    """At a job, so long after (or before) its due time."""
    return PlannedFault(max(0.0, round(job.due_s + offset_s, 3)), fault, job.number, pick=dice.random())
