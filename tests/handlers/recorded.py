"""Events as AWS delivers them, and parts of the functions made of fakes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambdas.jobs.horizon import Horizon
from lambdas.jobs.settle import Terms
from tests.fakes import FakeAlerts, FakeClock, FakeJobQueue, FakeJobStore, FakeJournal, FakeSender

FIRST_JOB = "job_019970b42ccc7b0e8a54d1cf5d0a7f01"
SECOND_JOB = "job_019970b42ccc7b0e8a54d1cf5d0a7f02"
TERMS = Terms(Horizon(), retention_ms=30 * 24 * 3_600_000, uniform=lambda low, high: low)


def event(name: str) -> Any:
    """The recorded event of this name."""
    return json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text())


class FlushedJournal(FakeJournal):
    """A journal that counts how often its metrics were printed."""

    flushed: int = 0

    def flush(self) -> None:
        self.flushed += 1


@dataclass
class Service:
    """All ports as fakes under one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeJobStore = field(default_factory=FakeJobStore)
    alerts: FakeAlerts = field(default_factory=FakeAlerts)
    journal: FlushedJournal = field(default_factory=FlushedJournal)
    horizon: Horizon = field(default_factory=Horizon)

    def __post_init__(self) -> None:
        self.queue = FakeJobQueue(self.clock)
        self.sender = FakeSender(self.clock)


class Context:
    """Lambda's context, of which only the time left is looked at."""

    def get_remaining_time_in_millis(self) -> int:
        return 120_000
