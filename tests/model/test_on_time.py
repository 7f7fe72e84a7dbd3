"""What the protocol promises when nothing fails: every job leaves at its own instant, whoever hands it off."""

from __future__ import annotations

import os
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.jobs.job import Status
from tests.examples import a_job
from tests.fakes import NOW_MS, FakeClock
from tests.world import SWEEP_PERIOD_MS, LaggingStore, World

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

WAITING_MS = 8_000
"""How long the one fake worker waits for an instant while another message may come: real ones work side by side."""


@dataclass(frozen=True)
class Event:
    """So long after the last one, a job is created (or the newest is rescheduled) to be due so much later."""

    after_ms: int
    due_in_ms: int
    reschedules: bool


EVENTS = st.lists(
    st.builds(
        Event,
        after_ms=st.integers(0, 10 * MINUTE_MS),
        due_in_ms=st.one_of(
            st.integers(0, 20 * MINUTE_MS),
            st.integers(15 * MINUTE_MS, 19 * MINUTE_MS),  # about the horizon, where stream and sweep meet
            st.integers(0, 2 * HOUR_MS),
        ),
        reschedules=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100, deadline=None, derandomize="CI" in os.environ)
@given(events=EVENTS, phase_ms=st.integers(0, SWEEP_PERIOD_MS), lag_ms=st.integers(0, MINUTE_MS))
def test_without_faults_every_job_fires_once_at_its_last_due_time(
    events: list[Event], phase_ms: int, lag_ms: int
) -> None:
    """Near or far, edited or not, whatever the phase of the sweeps, and with an index up to a minute behind (F7)."""
    clock = FakeClock()
    world = World(clock=clock, store=LaggingStore(clock, lag_ms=lag_ms, page_size=2))
    world.next_sweep_ms = NOW_MS - phase_ms
    due_ms: dict[str, int] = {}
    for number, event in enumerate(events):
        world.run(seconds=event.after_ms / 1000)
        at_ms = clock.now_ms() + event.due_in_ms
        newest = list(world.store)[-1] if due_ms else None
        if event.reschedules and newest is not None and newest.status is Status.SCHEDULED:
            due_ms[newest.id] = world.reschedule(newest.id, at_ms).due_at_ms
        else:
            job = world.accept(a_job(id=f"job_{number:032x}", due_at_ms=at_ms))
            due_ms[job.id] = at_ms
    world.run(seconds=3 * HOUR_MS / 1000)
    for job in world.store:
        (sent_ms,) = world.sent(job)
        assert due_ms[job.id] <= sent_ms <= due_ms[job.id] + WAITING_MS
        assert job.status is Status.SUCCEEDED
