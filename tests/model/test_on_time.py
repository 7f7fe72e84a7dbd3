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
    """A job is created (or the newest is rescheduled) to be due so much later: so long after the last event or, if
    that is negative, so long before the next sweep, which then reads an index that may not show the job yet."""

    after_ms: int
    due_in_ms: int
    reschedules: bool

    def wait_ms(self, world: World) -> int:
        left_ms = max(0, world.next_sweep_ms - world.clock.now_ms())
        return self.after_ms if self.after_ms >= 0 else max(0, left_ms + self.after_ms)


def milliseconds(shortest_seconds: int, longest_seconds: int) -> st.SearchStrategy[int]:
    """Whole seconds: of few values hypothesis tries all, of many it likes the smallest."""
    return st.integers(shortest_seconds, longest_seconds).map(lambda seconds: seconds * 1000)


EVENTS = st.lists(
    st.builds(
        Event,
        after_ms=st.one_of(milliseconds(0, 600), milliseconds(-60, -1)),
        due_in_ms=st.one_of(
            st.integers(0, 20 * MINUTE_MS),
            milliseconds(900, 960),  # at the horizon, where stream and sweep meet
            milliseconds(960, 1_080),  # and in its margin
            st.integers(0, 2 * HOUR_MS),
        ),
        reschedules=st.sampled_from([False, False, True]),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=100, deadline=None, derandomize="CI" in os.environ)
@given(events=EVENTS, phase_ms=st.integers(0, SWEEP_PERIOD_MS), lag_ms=st.sampled_from([0, MINUTE_MS // 2, MINUTE_MS]))
def test_without_faults_every_job_fires_once_at_its_last_due_time(
    events: list[Event], phase_ms: int, lag_ms: int
) -> None:
    """Near or far, edited or not, whatever the phase of the sweeps, and with an index up to a minute behind (F7)."""
    clock = FakeClock()
    world = World(clock=clock, store=LaggingStore(clock, lag_ms=lag_ms, page_size=2))
    world.next_sweep_ms = NOW_MS - phase_ms
    due_ms: dict[str, int] = {}
    for number, event in enumerate(events):
        world.run(seconds=event.wait_ms(world) / 1000)
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
