"""The service of the model and how it is disturbed: between any two steps, at any port."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from lambdas.jobs.errors import AlertsUnavailable, PunctualError, QueueUnavailable, StoreUnavailable, Unavailable
from lambdas.jobs.fire import EARLY_TOLERANCE_MS
from lambdas.jobs.ports import Message
from lambdas.jobs.sweep import SweepIncomplete
from lambdas.jobs.target import Limits
from tests.examples import HORIZON
from tests.fakes import FakeClock
from tests.world import LaggingStore, WorkerDied, World

INDEX_LAG_MS = 30_000
"""How late the due index shows a write; with the minute below it is well within the margin of two."""

LIMITS = Limits(failures=2, refusals=3, first_pause_ms=20_000, longest_pause_ms=300_000, longest_wait_ms=3_600_000)
"""Few, so that the short lives of these jobs see targets paused and denied."""

LONGEST_WAIT_MS = HORIZON.lead_ms + EARLY_TOLERANCE_MS
"""How long before its instant a job may be claimed."""

STORE_STEPS = ["claim", "take_over", "put_off", "with_request", "settle", "find", "mark_alerted"]
TARGET_STEPS = [("targets", step) for step in ("find", "count", "replace", "forget")]
WORK_STEPS = [
    *(("store", step) for step in STORE_STEPS),
    *TARGET_STEPS,
    ("queue", "send"),
    ("queue", "send_dead_letter"),
]
ALERT_STEPS = [("alerts", "send")]
BURY_STEPS = [("store", step) for step in ("find", "settle", "read", "mark_alerted")]
SWEEP_STEPS = [("store", "swept_until"), ("store", "due"), ("store", "advance_mark"), ("queue", "send")]


@dataclass(frozen=True)
class Fault:
    """What happens at the next use of a port's method, just before it is done or just after, when only the reply is
    missing: the worker dies, the port fails once, it goes away for as long as the rule lasts, the worker freezes while
    others work, a rival is faster."""

    port: str
    method: str
    when: str
    kind: str


def faults(steps: list[tuple[str, str]]) -> st.SearchStrategy[Fault | None]:
    kinds = ["dies", "fails", "goes away", "freezes", "is raced"]
    fault = st.builds(
        lambda step, when, kind: Fault(step[0], step[1], when, kind),
        st.sampled_from(steps),
        st.sampled_from(["before", "after"]),
        st.sampled_from(kinds),
    )
    return st.none() | fault


class DisturbedService(RuleBasedStateMachine):
    """Fakes behind the real core, and one fault at a time."""

    def __init__(self) -> None:
        super().__init__()
        clock = FakeClock()
        self.store = LaggingStore(clock, lag_ms=INDEX_LAG_MS, page_size=2)
        self.world = World(clock=clock, store=self.store, batch_size=1, limits=LIMITS)  # threads would differ
        self.undisturbed = True

    def disturbed(self, fault: Fault | None, act: Callable[[], object]) -> None:
        if fault is not None:
            getattr(self.port(fault.port), fault.when)[fault.method] = lambda: self._strike(fault)
        with contextlib.suppress(WorkerDied, SweepIncomplete, Unavailable):
            act()
        for port in ("store", "queue", "alerts"):
            self.port(port).down = False
        for port in ("store", "targets", "queue", "alerts"):
            self.port(port).before.clear()
            self.port(port).after.clear()

    def _strike(self, fault: Fault) -> None:
        self.undisturbed = False
        if fault.kind == "dies":
            raise WorkerDied
        if fault.kind in ("fails", "goes away"):
            away = "store" if fault.port == "targets" else fault.port  # they are in one table
            self.port(away).down = fault.kind == "goes away"
            raise {"store": StoreUnavailable, "queue": QueueUnavailable, "alerts": AlertsUnavailable}[away]("now")
        if fault.kind == "freezes":
            self.world.clock.advance(seconds=200)
        soon_ms = self.world.clock.now_ms() + LONGEST_WAIT_MS
        due = [job.due for job in self.store if not job.status.finished and job.fire_at_ms <= soon_ms]
        with contextlib.suppress(Unavailable):  # what is under way is delivered to others too
            self.world.queue.send([(Message(one), 0) for one in due])
        ours = self.world.worker
        self.world.worker = ours._replace(breaker=self.world.a_breaker())  # rivals are processes of their own
        for rival in (self.sweep_once, *[self.work_once] * (1 + len(due)), self.world.bury):
            with contextlib.suppress(WorkerDied, PunctualError):
                rival()
        self.world.worker = ours

    def sweep_once(self) -> None:
        self.world.sweep()

    def work_once(self) -> None:
        self.world.work()

    def port(self, name: str) -> Any:
        return getattr(self.world, name)
