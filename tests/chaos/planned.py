"""What a plan is made of. When things happen is in seconds from the start of the run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

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
