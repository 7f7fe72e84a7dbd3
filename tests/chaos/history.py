"""What became of a plan, as plain values: all that the judge goes by. Times are epoch milliseconds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.chaos.planned import Fault, Plan, PlannedJob
from tests.live.target import Received

Running = frozenset[tuple[str, int]]
"""Attempts that were under way: job and number."""


@dataclass(frozen=True)
class Change:
    """A change that its owner asked for. `due_ms` is the new due time, None for a cancellation.

    `status` is the API's last answer; None if none came. Answers may have been lost before it, so anything but a
    confirmation (200) leaves open whether the change was made.
    """

    asked_ms: float
    answered_ms: float
    status: int | None
    due_ms: float | None

    @property
    def confirmed(self) -> bool:
        return self.status == 200


@dataclass(frozen=True)
class JobHistory:
    """A planned job from its acceptance to what the API says of it at the end."""

    planned: PlannedJob
    job_id: str | None
    """None if it was not accepted."""
    due_ms: float = 0
    """As it was accepted."""
    refusal: str = ""
    """Why it was not accepted."""
    changes: Sequence[Change] = ()
    requests: Sequence[Received] = ()
    """What came to its target, in the order of arrival."""
    shown: Mapping[str, Any] | None = None
    """The job as the API shows it at the end; None if it does not know it."""
    alerted: bool = False
    """Whether the table notes that somebody was told of its end."""


@dataclass(frozen=True)
class Injected:
    """A fault as it happened. `running` is every attempt that was under way at a kill or a restart."""

    fault: Fault
    at_ms: float
    hit: bool = True
    """Whether it found what it was meant for, such as a worker to kill."""
    job_id: str | None = None
    running: Running = frozenset()


@dataclass(frozen=True)
class History:
    """A whole run."""

    plan: Plan
    jobs: Sequence[JobHistory]
    owners: Sequence[str]
    """The owners' names, in the order of the plan's numbers."""
    faults: Sequence[Injected] = ()
    strays: Sequence[str] = ()
    """Ids of jobs in the table that nobody knows to have made."""
    broken_invariants: Sequence[str] = ()
    """Sightings of an unfinished job outside the due index, or of a finished one in it."""
    alerts: Sequence[str] = ()
    """What was told, subject and text of each."""
    dead_letters: Sequence[str] = ()
    """Bodies of the letters that nobody buried."""
    left_messages: int = 0
    """How many messages the jobs queue still holds."""
    noticed: Mapping[str, int] = field(default_factory=dict)
    """Events that the functions logged, and how often."""
    seconds: float = 0
    """From the first job to the judgement."""

    def to_json(self) -> str:
        """All of it, to look into a run that went wrong."""
        # A Counter would be counted once more by `asdict`.
        return json.dumps(asdict(replace(self, noticed=dict(self.noticed))), indent=1, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} in a history")
