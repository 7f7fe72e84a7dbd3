"""What is to happen in a fault run. The same seed and length make the same plan; when things happen is in seconds from
the start of the run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

JOBS_A_MINUTE = 50
OWNERS = 3
HORIZON_SECONDS = 180
NEAR_SECONDS = HORIZON_SECONDS * 17 / 15
"""A job that is due later than this from now is brought by a sweep."""
LONGEST_CONVERSATION = 10
"""Attempts of jobs that are to succeed: more than failures and deaths together can be."""


class Kind(StrEnum):
    """What a job's target is like."""

    WELL = "well"
    SLOW = "slow"
    FLAKY = "flaky"
    HOPELESS = "hopeless"
    BROKEN = "broken"
    HANGING = "hanging"
    DEAD = "dead"
    POISON = "poison"


class Fault(StrEnum):
    """What is done to the service."""

    KILL_BEFORE = "worker killed before its request"
    KILL_DURING = "worker killed during its request"
    KILL_AFTER = "worker killed after its request"
    KILL_HAND_OFF = "hand_off killed"
    KILL_SWEEP = "sweep killed"
    KILL_BURY = "bury killed"
    KILL_API = "api killed"
    SWEEP_TWICE = "sweep run twice at once"
    SWEEPS_LEFT_OUT = "sweeps left out"
    MESSAGE_DOUBLED = "message sent twice"
    MESSAGE_STALE = "message for another time"
    MESSAGE_EARLY = "message long before its time"
    MESSAGE_DROPPED = "message dropped"
    MESSAGES_REORDERED = "message sent behind others"
    STREAM_DROPPED = "stream records dropped"
    RESTART = "emulator restarted"


@dataclass(frozen=True)
class Given:
    """What a target does with one request."""

    status: int = 200
    wait_seconds: float = 0
    retry_after: int | None = None
    reset: bool = False
    """The connection is reset instead of an answer."""
    kill: Fault | None = None
    """Whether the worker that sent it is killed: KILL_DURING or KILL_AFTER."""

    def status_within(self, timeout_seconds: float) -> int | None:
        """The status that a sender with this patience sees; None if it sees none."""
        return None if self.reset or self.wait_seconds > timeout_seconds else self.status


@dataclass(frozen=True)
class PlannedChange:
    """A PATCH to a new due time, or a cancellation."""

    at_s: float
    due_s: float | None
    """None cancels."""


@dataclass(frozen=True)
class PlannedJob:
    """A job, and what its target gives to its requests: the first to the first, …, the last to all later ones."""

    number: int
    kind: Kind
    owner: int
    made_s: float
    ahead_s: float
    """From making it to its due time."""
    answers: tuple[Given, ...] = (Given(),)
    timeout_seconds: int = 10
    max_attempts: int = LONGEST_CONVERSATION
    notify_on: tuple[str, ...] = ("failed",)
    changes: tuple[PlannedChange, ...] = ()

    @property
    def due_s(self) -> float:
        return self.made_s + self.ahead_s

    @property
    def path(self) -> str:
        """Where its requests go: each job has a path of its own."""
        return f"/jobs/{self.number}"

    @property
    def ends_well(self) -> bool:
        """Whether it is to succeed, unless it is cancelled first."""
        return self.kind in (Kind.WELL, Kind.SLOW, Kind.FLAKY)


@dataclass(frozen=True)
class PlannedFault:
    """Something that is done to the service at a time, to a job's messages or for a while where that makes sense."""

    at_s: float
    fault: Fault
    job: int | None = None
    lasts_s: float = 0
    pick: float = 0
    """From 0 to 1: which of several (workers, moments) it hits."""


@dataclass(frozen=True)
class Plan:
    """A whole run."""

    seed: int
    seconds: int
    """How long faults go on. Jobs may come due a little later; then it is waited for their ends."""
    jobs: tuple[PlannedJob, ...]
    faults: tuple[PlannedFault, ...]

    @property
    def last_due_s(self) -> float:
        """When the last job comes due, wherever it is moved."""
        moved = (change.due_s or 0 for job in self.jobs for change in job.changes)
        return max(*(job.due_s for job in self.jobs), *moved, 0)

    def planned_faults(self) -> Counter[Fault]:
        """How often each fault is meant to happen."""
        in_answers = (given.kill for job in self.jobs for given in job.answers if given.kill)
        return Counter(fault.fault for fault in self.faults) + Counter(in_answers)


SHARES = {
    Kind.WELL: 0.46,
    Kind.SLOW: 0.1,
    Kind.FLAKY: 0.2,
    Kind.HOPELESS: 0.05,
    Kind.BROKEN: 0.06,
    Kind.HANGING: 0.04,
    Kind.DEAD: 0.09,
}


def make(seed: int, minutes: int) -> Plan:
    """The plan of a seed."""
    dice = random.Random(f"{seed}/{minutes}")
    seconds = minutes * 60
    total = JOBS_A_MINUTE * minutes
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * total))]
    kinds = (kinds + [Kind.WELL] * total)[:total]
    if minutes >= 6:  # five deaths take that long
        kinds[0] = Kind.POISON
    dice.shuffle(kinds)
    jobs = [_job(number, kind, seconds, dice) for number, kind in enumerate(kinds)]
    jobs = _with_kills(jobs, minutes, dice)
    faults = sorted(_faults(jobs, seconds, dice), key=lambda fault: fault.at_s)
    return Plan(seed, seconds, tuple(jobs), tuple(faults))


def _job(number: int, kind: Kind, seconds: int, dice: random.Random) -> PlannedJob:
    ahead_s = _ahead(seconds, dice)
    made_s = dice.uniform(0, max(10.0, seconds - ahead_s - 5))
    job = PlannedJob(number, kind, dice.randrange(OWNERS), round(made_s, 3), round(ahead_s, 3))
    match kind:
        case Kind.WELL:
            told = ("succeeded",) if dice.random() < 0.05 else ("failed",)
            job = replace(job, notify_on=told)
        case Kind.SLOW:
            job = replace(job, answers=(Given(wait_seconds=round(dice.uniform(1, 4), 1)),), timeout_seconds=15)
        case Kind.FLAKY:
            faults = [_flaw(dice) for _ in range(dice.randint(1, 3))]
            job = replace(job, answers=(*faults, Given()), timeout_seconds=2)
        case Kind.HOPELESS:
            job = replace(job, answers=(Given(503),), max_attempts=3)
        case Kind.BROKEN:
            job = replace(job, answers=(Given(dice.choice((400, 403, 404, 422))),))
        case Kind.HANGING:
            job = replace(job, answers=(Given(wait_seconds=6),), timeout_seconds=2, max_attempts=2)
        case Kind.DEAD:
            job = replace(job, max_attempts=3)
        case Kind.POISON:
            killing = Given(wait_seconds=1, kill=Fault.KILL_DURING)
            return replace(job, answers=(killing,), made_s=1.0, ahead_s=5.0, timeout_seconds=1)
    return replace(job, changes=_changes(job, seconds, dice))


def _ahead(seconds: int, dice: random.Random) -> float:
    """How far away a job is made: near, minutes away, or beyond what the stream hands off."""
    chance = dice.random()
    if chance < 0.5:
        return dice.uniform(0, 20)
    if chance < 0.8:
        return dice.uniform(20, min(150, seconds))
    return dice.uniform(NEAR_SECONDS + 3, NEAR_SECONDS + 30)


def _flaw(dice: random.Random) -> Given:
    return dice.choice(
        (
            Given(500),
            Given(502),
            Given(503, retry_after=dice.randint(1, 3)),
            Given(429, retry_after=dice.randint(1, 3)),
            Given(reset=True),
            Given(wait_seconds=3),  # longer than the time-out of a flaky target's job
        )
    )


def _changes(job: PlannedJob, seconds: int, dice: random.Random) -> tuple[PlannedChange, ...]:
    """Nothing for most; some are moved, once or twice, and some cancelled, a few of them in the last two seconds."""
    chance = dice.random()
    if job.ahead_s < 20 or chance > 0.36:
        return ()
    early_s = dice.uniform(job.made_s + 4, job.due_s - 6)
    at_s = round(early_s if dice.random() < 0.7 else job.due_s - dice.uniform(0, 2.5), 3)
    if chance < 0.18:
        return (PlannedChange(at_s, None),)
    moved = PlannedChange(at_s, _new_due(at_s, seconds, dice))
    if chance < 0.27 or moved.due_s is None:
        return (moved,)
    again_s = round(at_s + 0.3, 3)
    return moved, PlannedChange(again_s, _new_due(again_s, seconds, dice))


def _new_due(at_s: float, seconds: int, dice: random.Random) -> float:
    ahead_s = NEAR_SECONDS + 5 if dice.random() < 0.15 and at_s + NEAR_SECONDS + 5 < seconds else dice.uniform(6, 60)
    return round(at_s + ahead_s, 3)


def _with_kills(jobs: list[PlannedJob], minutes: int, dice: random.Random) -> list[PlannedJob]:
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


def _faults(jobs: list[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
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


def _kills(jobs: list[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
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


def _messages(jobs: list[PlannedJob], seconds: int, dice: random.Random) -> Iterator[PlannedFault]:
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
    jobs: list[PlannedJob],
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
